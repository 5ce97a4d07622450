/**
 * What the log says about drafts (FORMAT.md §5.5).
 *
 *     gone:      offset  size  field
 *                     0     1  kind, 1
 *                     1     8  inode
 *                     9     6  block
 *
 *     written:        0     1  kind, 2
 *                     1     8  inode
 *                     9     6  block
 *                    15     1  flags: 1 nothing said about the block before counts; 2 no extent stands beneath
 *                    16     4  bytes of content; zeros follow
 *                    20     4  offset of the part in the block
 *                    24     4  bytes of the part
 *                    28     n  the part
 *
 * @module
 */
import { PAGE_SIZE } from "../base/limits.ts";
import { RecordReader } from "../format/record-reader.ts";
import { RecordWriter } from "../format/record-writer.ts";

const GONE_SIZE = 15;
const WRITTEN_SIZE = 28;

const KIND_GONE = 1;
const KIND_WRITTEN = 2;
const FLAG_WHOLE = 1;
const FLAG_UNMAPPED = 2;

/** A block without a draft. */
export interface GoneDraft {
  readonly kind: "gone";
  readonly ino: number;
  readonly block: number;
}

/** A part of a block's draft. */
export interface WrittenDraft {
  readonly kind: "written";
  readonly ino: number;
  readonly block: number;
  /** Whether nothing that was said about the block before counts. */
  readonly isWhole: boolean;
  readonly isUnmapped: boolean;
  /** Bytes of content; zeros follow. */
  readonly length: number;
  /** Offset of the part in its block. */
  readonly from: number;
  readonly part: Uint8Array;
}

export type DraftRecord = GoneDraft | WrittenDraft;

/** A record in pieces, of which the part is borrowed. */
export function encodeDraftRecord(record: DraftRecord): readonly Uint8Array[] {
  const out = new RecordWriter(record.kind === "gone" ? GONE_SIZE : WRITTEN_SIZE);
  out.u8(record.kind === "gone" ? KIND_GONE : KIND_WRITTEN);
  out.u64(record.ino);
  out.u48(record.block);
  if (record.kind === "gone") return [out.finish()];
  out.u8((record.isWhole ? FLAG_WHOLE : 0) | (record.isUnmapped ? FLAG_UNMAPPED : 0));
  out.u32(record.length);
  out.u32(record.from);
  out.u32(record.part.length);
  return [out.finish(), record.part];
}

/** The records of one entry. @throws FormatError RECORD_MALFORMED */
export function* decodeDraftRecords(bytes: Uint8Array): Generator<DraftRecord> {
  const reader = new RecordReader("logged drafts", bytes);
  while (reader.remaining > 0) {
    const kind = reader.u8();
    const ino = reader.u64();
    const block = reader.u48();
    if (kind === KIND_GONE) yield { kind: "gone", ino, block };
    else if (kind === KIND_WRITTEN) yield { kind: "written", ino, block, ...decodePart(reader) };
    else throw reader.malformed(`kind ${kind} is unknown`);
  }
}

function decodePart(reader: RecordReader): Omit<WrittenDraft, "kind" | "ino" | "block"> {
  const flags = reader.u8();
  const length = reader.u32();
  const from = reader.u32();
  const part = reader.bytes(reader.u32());
  if (length > PAGE_SIZE || from + part.length > length) {
    throw reader.malformed(`${part.length} bytes at ${from} of ${length}`);
  }
  const isWhole = (flags & FLAG_WHOLE) !== 0;
  return { isWhole, isUnmapped: (flags & FLAG_UNMAPPED) !== 0, length, from, part };
}
