/**
 * Body of a lease record: version `u8` (1), what is done `u8` (1 hold, 2 take over, 3 release), claim (FORMAT.md §8.4).
 *
 * @module
 */
import { FormatError } from "../../../core/base/errors.ts";
import { RecordReader } from "../../../core/format/record-reader.ts";
import { RecordWriter } from "../../../core/format/record-writer.ts";
import { type Claim, readClaim, writeClaim } from "./claim.ts";

const VERSION = 1;
const ACTIONS = ["hold", "take over", "release"] as const;

/** What a lease record does: ask for or renew the lease, take it whoever holds it, or give it back. */
export type LeaseAction = (typeof ACTIONS)[number];

/** What a lease record says. */
export interface LeaseRecord {
  readonly action: LeaseAction;
  readonly claim: Claim;
}

/** The bytes of a record, as {@link decodeLeaseRecord} reads them. */
export function encodeLeaseRecord(record: LeaseRecord): Uint8Array {
  const writer = new RecordWriter();
  writer.u8(VERSION);
  writer.u8(ACTIONS.indexOf(record.action) + 1);
  writeClaim(writer, record.claim);
  return writer.finish();
}

/** @throws FormatError RECORD_MALFORMED, VERSION_UNKNOWN */
export function decodeLeaseRecord(body: Uint8Array): LeaseRecord {
  const reader = new RecordReader("lease record", body);
  const version = reader.u8();
  if (version !== VERSION) {
    const message = `a lease has version ${version}, this program knows ${VERSION}: use a newer dvault`;
    throw new FormatError("VERSION_UNKNOWN", message);
  }
  const action = ACTIONS[reader.u8() - 1];
  if (action === undefined) throw reader.malformed("unknown action");
  const claim = readClaim(reader);
  reader.end();
  return { action, claim };
}
