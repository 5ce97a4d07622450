/**
 * One record of a directory store in one file.
 *
 *     offset  size  field
 *          0     4  magic "DVRC"
 *          4     1  version, 1
 *          5     1  kind: 1 commit, 2 lease
 *          6     8  time it was written, ms since the epoch
 *         14     2  length of the body
 *         16     1  number of attachments
 *         17        length of each attachment u32, body, CRC-32C of all before u32
 *
 * @module
 */
import { utf8 } from "../../core/base/bytes.ts";
import { crc32c } from "../../core/base/crc32c.ts";
import { FormatError } from "../../core/base/errors.ts";
import { RecordReader } from "../../core/format/record-reader.ts";
import { RecordWriter } from "../../core/format/record-writer.ts";
import type { RecordKind } from "./object-store.ts";

const MAGIC = utf8("DVRC");
const VERSION = 1;
const CHECKSUM_SIZE = 4;
const KINDS: readonly RecordKind[] = ["commit", "lease"];

/** What a record file says. */
export interface RecordFile {
  readonly kind: RecordKind;
  readonly timeMs: number;
  readonly body: Uint8Array;
  /** Bytes of each attachment. */
  readonly attachments: readonly number[];
}

export function encodeRecordFile(record: RecordFile): Uint8Array {
  const writer = new RecordWriter();
  writer.bytes(MAGIC);
  writer.u8(VERSION);
  writer.u8(KINDS.indexOf(record.kind) + 1);
  writer.u64(record.timeMs);
  writer.u16(record.body.length);
  writer.u8(record.attachments.length);
  for (const length of record.attachments) writer.u32(length);
  writer.bytes(record.body);
  writer.u32(crc32c(writer.finish()));
  return writer.finish();
}

/** @throws FormatError RECORD_MALFORMED */
export function decodeRecordFile(bytes: Uint8Array): RecordFile {
  const reader = new RecordReader("record file", bytes);
  const magic = reader.bytes(MAGIC.length);
  const version = reader.u8();
  const kind = KINDS[reader.u8() - 1];
  const timeMs = reader.u64();
  const bodyLength = reader.u16();
  const attachments = Array.from({ length: reader.u8() }, () => reader.u32());
  const body = reader.bytes(bodyLength);
  const checksum = reader.u32();
  reader.end();
  const isIntact =
    magic.every((byte, i) => byte === MAGIC[i]) &&
    version === VERSION &&
    checksum === crc32c(bytes, 0, bytes.length - CHECKSUM_SIZE);
  if (kind === undefined || !isIntact) {
    throw new FormatError("RECORD_MALFORMED", "record file is damaged or of another make");
  }
  return { kind, timeMs, body, attachments };
}
