/**
 * Where the log of a commit stands: a field of its commit root (FORMAT.md §5.4).
 *
 *     offset  size  field
 *          0    16  id, random
 *         16     6  generation of its pages
 *         22     4  number of the first page that is the log's, among all that are set aside
 *         26     4  pages of the log
 *         30     2  flags: 1 the commit has all that the log says about the TOC; only its drafts count
 *         32     n  pages set aside, in runs: page number u48, count u32
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { addressOf, PAGE_NUMBER_END, pageNumber } from "./address.ts";
import type { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** Bytes of a log's id. */
export const LOG_ID_SIZE = 16;

/** More pages than any writer sets aside. */
const PAGES_MAX = 65_536;

const FLAG_APPLIED = 1;

/** Where the log of a commit stands. */
export interface LogPlace {
  /** Random: tells the log from others that stood in the same place before. */
  readonly id: Uint8Array;
  readonly generation: number;
  /** Addresses of all pages set aside, for this log and the ones around it. */
  readonly pages: readonly number[];
  /** The log's own among {@link pages}: `first <= index < first + count`. */
  readonly first: number;
  readonly count: number;
  /** Whether the commit has all that the log says about the TOC, so that only its drafts count. */
  readonly isApplied: boolean;
}

/** Whether two commits name the same log, or none. */
export function sameLog(a: LogPlace | undefined, b: LogPlace | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a.id, b.id) && a.isApplied === b.isApplied;
}

export function encodeLogPlace(place: LogPlace): Uint8Array {
  const out = new RecordWriter();
  out.bytes(place.id);
  out.u48(place.generation);
  out.u32(place.first);
  out.u32(place.count);
  out.u16(place.isApplied ? FLAG_APPLIED : 0);
  const numbers = place.pages.map(pageNumber);
  for (let at = 0; at < numbers.length; ) {
    const start = numbers[at] as number;
    let count = 1;
    while (numbers[at + count] === start + count) count += 1;
    out.u48(start);
    out.u32(count);
    at += count;
  }
  return out.finish();
}

/** @throws FormatError RECORD_MALFORMED */
export function decodeLogPlace(reader: RecordReader): LogPlace {
  const id = reader.bytes(LOG_ID_SIZE);
  const generation = reader.u48();
  const first = reader.u32();
  const count = reader.u32();
  const isApplied = (reader.u16() & FLAG_APPLIED) !== 0;
  const pages: number[] = [];
  while (reader.remaining > 0) {
    const start = reader.u48();
    const length = reader.u32();
    if (pages.length + length > PAGES_MAX) throw reader.malformed(`${length} pages are too many`);
    if (start + length > PAGE_NUMBER_END) throw reader.malformed(`there is no page ${start}`);
    for (let n = 0; n < length; n++) pages.push(addressOf(start + n));
  }
  if (first + count > pages.length) throw reader.malformed("it reaches beyond its pages");
  return { id, generation, pages, first, count, isApplied };
}
