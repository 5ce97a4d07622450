/**
 * Body of a commit record: the vault's header and where its catalog is (FORMAT.md §8.4).
 *
 *     size  field
 *        1  version, 1
 *           claim of the writer
 *        6  publication: number of this record among the accepted ones
 *        6  sequence: local commit of the writer it carries
 *        1  attachment in which the change of the catalog stands
 *        4  its offset
 *        4  its length
 *        2  length of the header, then the header
 *
 * @module
 */
import { FormatError } from "../../../core/base/errors.ts";
import { RecordReader } from "../../../core/format/record-reader.ts";
import { RecordWriter } from "../../../core/format/record-writer.ts";
import { type Claim, readClaim, writeClaim } from "./claim.ts";

const VERSION = 1;

/** Where the change of the catalog stands. */
export interface ChangePlace {
  readonly attachment: number;
  readonly offset: number;
  readonly length: number;
}

/** What a commit record says. */
export interface CommitRecord {
  readonly claim: Claim;
  readonly publication: number;
  readonly sequence: number;
  readonly change: ChangePlace;
  readonly header: Uint8Array;
}

/** The bytes of a record, as {@link decodeCommitRecord} reads them. */
export function encodeCommitRecord(record: CommitRecord): Uint8Array {
  const writer = new RecordWriter();
  writer.u8(VERSION);
  writeClaim(writer, record.claim);
  writer.u48(record.publication);
  writer.u48(record.sequence);
  writer.u8(record.change.attachment);
  writer.u32(record.change.offset);
  writer.u32(record.change.length);
  writer.u16(record.header.length);
  writer.bytes(record.header);
  return writer.finish();
}

/** @throws FormatError RECORD_MALFORMED; VERSION_UNKNOWN, since an older record would be out of date */
export function decodeCommitRecord(body: Uint8Array): CommitRecord {
  const reader = new RecordReader("commit record", body);
  const version = reader.u8();
  if (version !== VERSION) {
    const message = `the newest commit has version ${version}, this program knows ${VERSION}: use a newer dvault`;
    throw new FormatError("VERSION_UNKNOWN", message);
  }
  const claim = readClaim(reader);
  const publication = reader.u48();
  const sequence = reader.u48();
  const change = { attachment: reader.u8(), offset: reader.u32(), length: reader.u32() };
  const header = reader.bytes(reader.u16());
  reader.end();
  return { claim, publication, sequence, change, header };
}
