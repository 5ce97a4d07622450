/**
 * Removing snapshots: finds the pages that nothing else reaches.
 *
 * Memory: three bits a page of the vault, and the addresses of what is freed.
 *
 * @module
 */
import { addressOf, pageNumber } from "../../format/address.ts";
import type { Snapshots, Sweep, SweptTrees } from "../../vault/snapshots.ts";
import { PageUse } from "../check/page-use.ts";
import { pagesOfLeaf } from "../check/record-pages.ts";
import { listReturned, returnedFrom } from "../returned-pages.ts";
import { sweepReturned } from "./sweep-returned.ts";

/**
 * Removes snapshots; resolves when that is durable.
 *
 * Where a tree that stays is damaged, it is unknown what it needs, and nothing is freed: the room is found again by a
 * repair.
 *
 * @param signal - ends it early, with everything as it was
 * @throws StoreError, CommitError; the signal's reason
 */
export function removeSnapshots(
  snapshots: Snapshots,
  ids: ReadonlySet<number>,
  signal?: AbortSignal,
): Promise<void> {
  return snapshots.remove(ids, (trees) => new SnapshotSweep(trees, signal).run());
}

class SnapshotSweep {
  readonly #trees: SweptTrees;
  readonly #signal: AbortSignal | undefined;
  readonly #kept = new PageUse();
  readonly #current = new PageUse();
  #isWhole = true;

  constructor(trees: SweptTrees, signal: AbortSignal | undefined) {
    this.#trees = trees;
    this.#signal = signal;
  }

  async run(): Promise<Sweep> {
    const { removed, kept, current, transact, hasMore } = this.#trees;
    await this.#walk(kept, this.#kept, () => {});
    await this.#walk([current], this.#current, () => {});
    if (!this.#isWhole) return { isKept: () => true, unneeded: [], settle: async () => {} };
    await this.#reachReturned();
    const unneeded: number[] = [];
    await this.#walk(removed, new PageUse(), (number) => unneeded.push(addressOf(number)));
    const isKept = (number: number): boolean => this.#kept.has(number);
    const staying = { isAny: kept.length > 0, isKept, isOutdated: hasMore };
    return {
      isKept: (address) => isKept(pageNumber(address)),
      unneeded,
      settle: () => sweepReturned(transact, staying),
    };
  }

  /** Pages that came back are left to {@link sweepReturned}. */
  async #reachReturned(): Promise<void> {
    const { transact } = this.#trees;
    for (const first of await transact(listReturned)) {
      const pages = await transact((transaction) => returnedFrom(transaction, first));
      for (const number of pages) this.#current.reach(number);
    }
  }

  /** Visits the pages of trees, by number, but those that were reached before. */
  async #walk(
    tocs: SweptTrees["removed"],
    reached: PageUse,
    visit: (number: number) => void,
  ): Promise<void> {
    const isReached = (number: number): boolean =>
      this.#kept.has(number) || this.#current.has(number) || reached.has(number);
    const reach = (number: number): void => {
      if (isReached(number)) return;
      reached.reach(number);
      visit(number);
    };
    for (const toc of tocs) {
      for await (const step of this.#trees.walk(toc, (address) => isReached(pageNumber(address)))) {
        this.#signal?.throwIfAborted();
        reach(pageNumber(step.pointer.address));
        if (step.damage !== undefined) this.#isWhole = false;
        else if (step.level === 0) {
          for (const number of pagesOfLeaf(step)) reach(number);
        }
      }
    }
  }
}
