/**
 * Runs operations on resident pages: one that misses a page is run again from its start once the page is there.
 *
 * Operations that wait side by side can push each other's pages out of a small cache before any of them finds all of its
 * own together, and so wait for ever. One that misses a page for the second time has lost it so, and waits for its turn.
 * Who has the turn holds all it waits for until it is done, beyond the budget of the cache; so every operation ends, and
 * memory exceeds the budget by the pages of one of them at most.
 *
 * @module
 */
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { PageCache } from "../pages/page-cache.ts";
import { PageFault } from "../pages/page-fault.ts";

/** Pages that come at once before it is asked whether they stay. */
const QUICK_MISSES = 64;

export class Residence {
  readonly #pages: PageCache;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(pages: PageCache) {
    this.#pages = pages;
  }

  /**
   * @param operation - lets a PageFault pass; has no effect before all it needs is resident
   * @throws what the operation throws; PageError, StoreError of a page that cannot be had
   */
  run<T>(operation: () => T): MaybePromise<T> {
    for (let misses = 0; misses < QUICK_MISSES; misses++) {
      try {
        return operation();
      } catch (fault) {
        if (!(fault instanceof PageFault)) throw fault;
        const loading = this.#pages.load(fault.pageClass, [fault.pointer]);
        if (isPending(loading)) return this.#runAfter(loading, operation, fault);
      }
    }
    return this.#persist(operation, new Set());
  }

  async #runAfter<T>(loading: Promise<void>, operation: () => T, fault: PageFault): Promise<T> {
    await loading;
    return this.#persist(operation, new Set([fault.pointer.address]));
  }

  /** @param missed - addresses of pages that were missed before */
  async #persist<T>(operation: () => T, missed: Set<number>): Promise<T> {
    let endTurn: (() => void) | undefined;
    try {
      for (;;) {
        const result = attempt(operation);
        if (!(result instanceof PageFault)) return result;
        const { pageClass, pointer } = result;
        if (missed.has(pointer.address)) endTurn ??= await this.#takeTurn();
        missed.add(pointer.address);
        if (endTurn !== undefined) this.#pages.pin(pointer);
        await this.#pages.load(pageClass, [pointer]);
      }
    } finally {
      endTurn?.();
    }
  }

  /** Resolves when all who asked before are done. @returns ends the turn */
  async #takeTurn(): Promise<() => void> {
    const before = this.#lastTurn;
    let passOn = (): void => {};
    this.#lastTurn = new Promise((resolve) => {
      passOn = resolve;
    });
    await before;
    return () => {
      this.#pages.unpin();
      passOn();
    };
  }
}

/** What an operation returns, or the page it misses. */
function attempt<T>(operation: () => T): T | PageFault {
  try {
    return operation();
  } catch (fault) {
    if (fault instanceof PageFault) return fault;
    throw fault;
  }
}
