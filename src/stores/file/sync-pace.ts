/**
 * Whether the next sync is made on the main thread: where syncs take no time (memory, a disk with a safe cache), the trip
 * through the thread pool costs many times more.
 *
 *     inline --several slow ones in a row--> pooled
 *       ^                                      |
 *       '-- a quick one, or one of them is ----'   (the last, to see: one more slow one ends it)
 *           made inline now and then
 *
 * One slow sync says little, since this process may have had to wait for a processor meanwhile. A pooled one says
 * something only when it was quick.
 *
 * @module
 */

/** A sync this quick costs less than a trip through the thread pool, ms. */
const QUICK_MS = 0.2;

/** Slow syncs in a row after which the file is taken for slow. */
const SLOW_RUN = 3;

/** Pooled syncs after which one is made inline, to see. */
const POOLED_RUN = 100;

export class SyncPace {
  #slow = 0;
  #pooled = 0;

  /** Whether the next sync is to be made on the main thread. */
  get isQuick(): boolean {
    return this.#slow < SLOW_RUN;
  }

  /** Takes note of a sync of little that was made on the main thread. */
  madeInline(ms: number): void {
    this.#slow = ms < QUICK_MS ? 0 : this.#slow + 1;
  }

  /** Takes note of a sync of little that went through the pool. @param ms - with the trip */
  madePooled(ms: number): void {
    this.#pooled += 1;
    if (ms < QUICK_MS) this.#slow = 0;
    else if (this.#pooled % POOLED_RUN === 0) this.#slow = SLOW_RUN - 1;
  }
}
