/**
 * Entries of a log: what was done since the entry before, or the commit (FORMAT.md §5.4).
 *
 *     entry:   offset  size  field
 *                   0     8  next inode number
 *                   8     8  inodes
 *                  16     4  records changed
 *                  20     n  each: length of the key u16, key, 1 when it has a value u8, length u16 and value
 *                         4  pages released
 *                         n  their pointers
 *                         n  drafts, see fs/draft-records.ts
 *
 *     page:         0    16  id of the log
 *                  16     1  1 when an entry ends in this page
 *                  17     3  reserved
 *                  20     n  a part of the entry
 *
 * @module
 */
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { type PagePointer, POINTER_SIZE } from "./address.ts";
import { LOG_ID_SIZE } from "./log-place.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** Bytes of an entry beside its records, pointers and drafts; of a record beside its key; and beside its value. */
const FIXED_SIZE = 24;
const KEY_OVERHEAD = 3;
const VALUE_OVERHEAD = 2;

const FLAG_AT = LOG_ID_SIZE;
const PART_AT: number = LOG_ID_SIZE + 4;

/** Bytes of an entry that one page takes. */
const PART_MAX: number = PAGE_SIZE - PART_AT;

/** A record of the TOC as it is now; without a value it is gone. */
export interface LoggedChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** What an entry says. */
export interface LogEntry {
  readonly nextIno: number;
  readonly inodes: number;
  readonly changes: readonly LoggedChange[];
  /** Data and pack pages that nothing points to any more. */
  readonly released: readonly PagePointer[];
  /** What waits outside of the TOC. */
  readonly drafts: Uint8Array;
}

/** The part of an entry that comes first: all but the drafts. */
export function encodeChanges(entry: Omit<LogEntry, "drafts">): Uint8Array {
  const out = new RecordWriter(sizeOfChanges(entry));
  out.u64(entry.nextIno);
  out.u64(entry.inodes);
  out.u32(entry.changes.length);
  for (const { key, value } of entry.changes) {
    out.u16(key.length);
    out.bytes(key);
    out.u8(value === undefined ? 0 : 1);
    if (value === undefined) continue;
    out.u16(value.length);
    out.bytes(value);
  }
  out.u32(entry.released.length);
  for (const pointer of entry.released) out.pointer(pointer);
  return out.finish();
}

function sizeOfChanges({ changes, released }: Omit<LogEntry, "drafts">): number {
  let size = FIXED_SIZE + released.length * POINTER_SIZE;
  for (const { key, value } of changes) {
    size += KEY_OVERHEAD + key.length;
    if (value !== undefined) size += VALUE_OVERHEAD + value.length;
  }
  return size;
}

/** @throws FormatError RECORD_MALFORMED */
function decodeEntry(bytes: Uint8Array): LogEntry {
  const reader = new RecordReader("log entry", bytes);
  const nextIno = reader.u64();
  const inodes = reader.u64();
  const count = reader.u32();
  const changes: LoggedChange[] = [];
  for (let i = 0; i < count; i++) {
    const key = reader.bytes(reader.u16());
    const value = reader.u8() === 0 ? undefined : reader.bytes(reader.u16());
    changes.push({ key, value });
  }
  const released: PagePointer[] = [];
  for (let left = reader.u32(); left > 0; left--) released.push(reader.pointer());
  return { nextIno, inodes, changes, released, drafts: reader.bytes(reader.remaining) };
}

/** Pages that an entry of so many bytes takes. */
export function pagesOfEntry(length: number): number {
  return Math.max(1, Math.ceil(length / PART_MAX));
}

/**
 * Makes the payloads of the pages of one entry.
 * @param pieces - the entry, copied
 * @param room - gives so many bytes for one of them, with anything in them
 */
export function encodeLogPages(
  id: Uint8Array,
  pieces: readonly Uint8Array[],
  room: (size: number) => Uint8Array,
): Uint8Array[] {
  let left = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const pages: Uint8Array[] = [];
  const begin = (): Uint8Array => {
    const page = room(PART_AT + Math.min(left, PART_MAX));
    page.set(id);
    page.fill(0, FLAG_AT, PART_AT);
    page[FLAG_AT] = left <= PART_MAX ? 1 : 0;
    left -= page.length - PART_AT;
    pages.push(page);
    return page;
  };
  let page = begin();
  let at = PART_AT;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      if (at === page.length) {
        page = begin();
        at = PART_AT;
      }
      const part = piece.subarray(from, from + page.length - at);
      page.set(part, at);
      at += part.length;
      from += part.length;
    }
  }
  return pages;
}

/** Which part of an entry a page of a log has; undefined when it is not of this log. */
export function placeInEntry(id: Uint8Array, payload: Uint8Array): "part" | "end" | undefined {
  const isOfLog = payload.length >= PART_AT && equalBytes(payload.subarray(0, LOG_ID_SIZE), id);
  if (!isOfLog) return undefined;
  return payload[FLAG_AT] === 1 ? "end" : "part";
}

/** Puts entries together from the pages of a log, in their order. */
export class LogReader {
  readonly #id: Uint8Array;
  #parts: Uint8Array[] = [];

  constructor(id: Uint8Array) {
    this.#id = id;
  }

  /**
   * Takes the next page.
   * @param payload - copied
   * @returns the entry that ends in it; "more" when none does; undefined when the page is not of this log, which
   *   ended with the page before
   * @throws FormatError RECORD_MALFORMED
   */
  next(payload: Uint8Array): LogEntry | "more" | undefined {
    const place = placeInEntry(this.#id, payload);
    if (place === undefined) return undefined;
    this.#parts.push(payload.slice(PART_AT));
    if (place === "part") return "more";
    const bytes = concatBytes(...this.#parts);
    this.#parts = [];
    return decodeEntry(bytes);
  }
}
