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
 *     part:           0     1  kind, 3: the rest of the block is in the page that the TOC says
 *                     1     8  inode
 *                     9     6  block
 *                    15     1  flags: 1 nothing said about the block before counts
 *                    16     4  offset of the part in the block
 *                    20     4  bytes of the part
 *                    24     n  the part
 *
 * @module
 */
import { PAGE_SIZE } from "../base/limits.ts";
import { RecordReader } from "../format/record-reader.ts";
import { RecordWriter } from "../format/record-writer.ts";

const GONE_SIZE = 15;
const WRITTEN_SIZE = 28;
const PART_SIZE = 24;

const KIND_GONE = 1;
const KIND_WRITTEN = 2;
const KIND_PART = 3;
const FLAG_FIRST = 1;
const FLAG_UNMAPPED = 2;

/** A block without a draft. */
export interface GoneDraft {
  readonly kind: "gone";
  readonly ino: number;
  readonly block: number;
}

/** A part of a block, wherever the rest of it is. */
interface Part {
  readonly ino: number;
  readonly block: number;
  /** Whether nothing that was said about the block before counts. */
  readonly isFirst: boolean;
  /** Offset of the part in its block. */
  readonly from: number;
  readonly part: Uint8Array;
}

/** A part of a block's draft. */
export interface WrittenDraft extends Part {
  readonly kind: "written";
  readonly isUnmapped: boolean;
  /** Bytes of content; zeros follow. */
  readonly length: number;
}

/** A part of an unfilled draft. */
export interface UnfilledPart extends Part {
  readonly kind: "part";
}

export type DraftRecord = GoneDraft | WrittenDraft | UnfilledPart;

/** A record in pieces, of which the part is borrowed. */
export function encodeDraftRecord(record: DraftRecord): readonly Uint8Array[] {
  switch (record.kind) {
    case "gone":
      return [begin(record, KIND_GONE, GONE_SIZE).finish()];
    case "written":
      return encodeWritten(record);
    case "part":
      return encodePart(record);
  }
}

function begin({ ino, block }: DraftRecord, kind: number, size: number): RecordWriter {
  const out = new RecordWriter(size);
  out.u8(kind);
  out.u64(ino);
  out.u48(block);
  return out;
}

function encodeWritten(record: WrittenDraft): readonly Uint8Array[] {
  const { isFirst, isUnmapped, length, from, part } = record;
  const out = begin(record, KIND_WRITTEN, WRITTEN_SIZE);
  out.u8((isFirst ? FLAG_FIRST : 0) | (isUnmapped ? FLAG_UNMAPPED : 0));
  out.u32(length);
  out.u32(from);
  out.u32(part.length);
  return [out.finish(), part];
}

function encodePart(record: UnfilledPart): readonly Uint8Array[] {
  const { isFirst, from, part } = record;
  const out = begin(record, KIND_PART, PART_SIZE);
  out.u8(isFirst ? FLAG_FIRST : 0);
  out.u32(from);
  out.u32(part.length);
  return [out.finish(), part];
}

/** The records of one entry. @throws FormatError RECORD_MALFORMED */
export function* decodeDraftRecords(bytes: Uint8Array): Generator<DraftRecord> {
  const reader = new RecordReader("logged drafts", bytes);
  while (reader.remaining > 0) {
    const kind = reader.u8();
    const ino = reader.u64();
    const block = reader.u48();
    if (kind === KIND_GONE) yield { kind: "gone", ino, block };
    else if (kind === KIND_WRITTEN) yield { kind: "written", ino, block, ...decodeWritten(reader) };
    else if (kind === KIND_PART) yield { kind: "part", ino, block, ...decodePart(reader) };
    else throw reader.malformed(`kind ${kind} is unknown`);
  }
}

function decodeWritten(reader: RecordReader): Omit<WrittenDraft, "kind" | "ino" | "block"> {
  const flags = reader.u8();
  const length = reader.u32();
  const { from, part } = decodeBytes(reader, length);
  const isFirst = (flags & FLAG_FIRST) !== 0;
  return { isFirst, isUnmapped: (flags & FLAG_UNMAPPED) !== 0, length, from, part };
}

function decodePart(reader: RecordReader): Omit<UnfilledPart, "kind" | "ino" | "block"> {
  const flags = reader.u8();
  return { isFirst: (flags & FLAG_FIRST) !== 0, ...decodeBytes(reader, PAGE_SIZE) };
}

/** @param most - bytes of the block that there may be */
function decodeBytes(reader: RecordReader, most: number): Pick<Part, "from" | "part"> {
  const from = reader.u32();
  const part = reader.bytes(reader.u32());
  if (most > PAGE_SIZE || from + part.length > most) {
    throw reader.malformed(`${part.length} bytes at ${from} of ${most}`);
  }
  return { from, part };
}
