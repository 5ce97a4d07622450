/**
 * Consecutive pages read and written at once.
 *
 * @module
 */
import { pageNumber } from "../../core/format/address.ts";
import type { PageRun, StoredPage } from "../../core/pages/page-store.ts";
import type { IoVector } from "./gathered-io.ts";
import { pageOffset } from "./layout.ts";

/** Most pages in one system call: IOV_MAX is 1024, and a page may take two pieces. */
const LONGEST_RUN = 256;

/** Zeros for the gap between two full pages, with some room for pages that are nearly full. */
const SLACK = new Uint8Array(1024);

/** Splits addresses into runs of consecutive page numbers, in order. */
export function runsOf(addresses: readonly number[]): PageRun[] {
  const runs: { start: number; count: number }[] = [];
  for (const address of addresses) {
    const number = pageNumber(address);
    const run = runs[runs.length - 1];
    const follows = run !== undefined && run.start + run.count === number;
    if (follows && run.count < LONGEST_RUN) run.count += 1;
    else runs.push({ start: number, count: 1 });
  }
  return runs;
}

/**
 * Gathers pages, in any order, into few writes: neighbours go together, the small gap between full pages written as
 * zeros. A short page ends its write, since its slack is better left alone.
 */
export function gatherWrites(pages: readonly StoredPage[]): IoVector[] {
  const sorted = [...pages].sort((a, b) => a.address - b.address);
  const writes: { offset: number; pieces: Uint8Array[]; length: number }[] = [];
  for (const { address, bytes } of sorted) {
    const offset = pageOffset(pageNumber(address));
    const write = writes[writes.length - 1];
    const gap = write === undefined ? -1 : offset - write.offset - write.length;
    if (write === undefined || gap > SLACK.length || write.pieces.length >= 2 * LONGEST_RUN) {
      writes.push({ offset, pieces: [bytes], length: bytes.length });
      continue;
    }
    if (gap > 0) write.pieces.push(SLACK.subarray(0, gap));
    write.pieces.push(bytes);
    write.length += gap + bytes.length;
  }
  return writes;
}
