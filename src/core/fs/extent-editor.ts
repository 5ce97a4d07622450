/**
 * Changes to the extents of one file, gathered over a part of them and saved together.
 *
 * A transaction does not see its own changes in a scan, so the extents concerned are loaded once, changed here, and
 * written back as the difference. Pages of a run that is replaced are released at once, those that others may use too by
 * way of their back references.
 *
 * @module
 */
import { extentKey } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import {
  type Extent,
  encodeExtent,
  extentEnd,
  joinExtents,
  pageOfRun,
  type RunExtent,
  SHARED_MAX,
  sliceExtent,
} from "./extent.ts";
import { visitExtents } from "./find-extents.ts";
import type { PageReferences } from "./page-references.ts";

/** Work one transaction may do to extents: records read plus pages they hold. */
export const EDIT_BUDGET = 4096;

export class ExtentEditor {
  readonly #transaction: Transaction;
  readonly #ino: number;
  readonly #references: PageReferences;
  /** As the tree has them, by first block. */
  readonly #stored = new Map<number, Extent>();
  /** As they shall be, in order. */
  #extents: Extent[] = [];
  #loadedBlocks = 0;

  constructor(transaction: Transaction, ino: number, references: PageReferences) {
    this.#transaction = transaction;
    this.#ino = ino;
    this.#references = references;
  }

  /**
   * Loads the extents at `first <= block < end` and those they touch; the only blocks that may be asked about or changed
   * are loaded ones.
   *
   * @param budget - records and pages after which to stop
   * @returns the end of what is loaded: `end`, or less when the budget was used up
   */
  load(first: number, end: number, budget: number = Number.POSITIVE_INFINITY): number {
    const range = { ino: this.#ino, first: Math.max(0, first - 1), end: end + 1 };
    let left = budget;
    let until = end;
    visitExtents(this.#transaction, range, (extent) => {
      if (left <= 0) {
        until = Math.max(first, Math.min(end, extent.block));
        return false;
      }
      if (!this.#stored.has(extent.block)) this.#learn(extent);
      const blocks = Math.min(extentEnd(extent), end) - Math.max(extent.block, first);
      left -= 1;
      if (extent.kind !== "run" || blocks <= 0) return true;
      if (blocks > left) {
        until = Math.max(extent.block, first) + Math.max(1, left);
        return false;
      }
      left -= blocks;
      return true;
    });
    return until;
  }

  #learn(extent: Extent): void {
    this.#stored.set(extent.block, extent);
    this.#loadedBlocks += extent.count;
    this.#extents.splice(this.#position(extent.block), 0, extent);
  }

  /** Index of the first extent that ends after `block`. */
  #position(block: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (extentEnd(this.#extents[middle] as Extent) <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The extent a block stands in. */
  at(block: number): Extent | undefined {
    const extent = this.#extents[this.#position(block)];
    return extent !== undefined && extent.block <= block ? extent : undefined;
  }

  /** The extents at `first <= block < end`, cut to it. */
  between(first: number, end: number): Extent[] {
    const found: Extent[] = [];
    for (let i = this.#position(first); i < this.#extents.length; i++) {
      const extent = this.#extents[i] as Extent;
      if (extent.block >= end) break;
      found.push(sliceExtent(extent, first, end));
    }
    return found;
  }

  /** Makes a hole, releasing what stood there. */
  clear(first: number, end: number): void {
    for (const extent of this.#cut(first, end)) this.#release(extent);
  }

  /** Puts an extent where it says it stands, releasing what stood there. */
  put(extent: Extent): void {
    this.clear(extent.block, extentEnd(extent));
    this.#extents.splice(this.#position(extent.block), 0, extent);
  }

  /** Reserves the holes of a range. */
  reserve(first: number, end: number): void {
    let block = first;
    for (const extent of this.between(first, end)) {
      if (extent.block > block) {
        this.put({ kind: "reserved", block, count: extent.block - block });
      }
      block = extentEnd(extent);
    }
    if (block < end) this.put({ kind: "reserved", block, count: end - block });
  }

  /** Marks the runs of a range as shared. @returns the extents of the range as they are now */
  share(first: number, end: number): readonly Extent[] {
    const shared: Extent[] = [];
    for (const extent of this.#cut(first, end)) {
      if (extent.kind !== "run" || extent.shared) shared.push(extent);
      else shared.push(...sharedRuns(extent));
    }
    this.#extents.splice(this.#position(first), 0, ...shared);
    return shared;
  }

  /** Takes a range out of the list. @returns what stood there */
  #cut(first: number, end: number): readonly Extent[] {
    if (end <= first) return [];
    const from = this.#position(first);
    let to = from;
    const kept: Extent[] = [];
    const taken: Extent[] = [];
    for (; to < this.#extents.length; to++) {
      const extent = this.#extents[to] as Extent;
      if (extent.block >= end) break;
      taken.push(sliceExtent(extent, first, end));
      if (extent.block < first) kept.push(sliceExtent(extent, extent.block, first));
      if (extentEnd(extent) > end) kept.push(sliceExtent(extent, end, extentEnd(extent)));
    }
    if (to > from) this.#extents.splice(from, to - from, ...kept);
    return taken;
  }

  #release(extent: Extent): void {
    if (extent.kind !== "run" || extent.shared) return;
    const end = extentEnd(extent);
    for (let block = extent.block; block < end; block++) {
      this.#transaction.release(pageOfRun(extent, block));
    }
  }

  /**
   * Writes the difference to the tree.
   * @returns by how much the number of mapped blocks changed
   */
  save(): number {
    this.#joinNeighbours();
    const kept = new Set(this.#extents);
    let change = -this.#loadedBlocks;
    for (const extent of this.#stored.values()) {
      if (kept.has(extent)) continue;
      this.#transaction.delete(extentKey(this.#ino, extent.block));
      this.#references.remove(this.#ino, extent);
    }
    for (const extent of this.#extents) {
      change += extent.count;
      if (this.#stored.get(extent.block) === extent) continue;
      this.#transaction.put(extentKey(this.#ino, extent.block), encodeExtent(extent));
      this.#references.add(this.#ino, extent);
    }
    return change;
  }

  #joinNeighbours(): void {
    const joined: Extent[] = [];
    for (const extent of this.#extents) {
      const previous = joined[joined.length - 1];
      const both = previous === undefined ? undefined : joinExtents(previous, extent);
      if (both === undefined) joined.push(extent);
      else joined[joined.length - 1] = both;
    }
    this.#extents = joined;
  }
}

/** A run as runs that may be shared. */
function* sharedRuns(run: RunExtent): Generator<Extent> {
  for (let block = run.block; block < extentEnd(run); block += SHARED_MAX) {
    yield sliceExtent({ ...run, shared: true }, block, block + SHARED_MAX);
  }
}
