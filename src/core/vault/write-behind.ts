/**
 * Writing data pages before a commit asks for them, so that commits are short and what waits in memory stays bounded.
 *
 *     0 ---- BEGIN: writing begins ---- ENOUGH: writers go on ---- MOST: writers wait
 *
 * Writers that are faster than the store wait for some pages at a time, not for all, so that neither ever stands still. What
 * waits is small enough to stay in the processor's caches.
 *
 * @module
 */
import type { PageCache } from "../pages/page-cache.ts";

/** Unwritten bytes at which writing behind begins. */
const BEGIN_BYTES = 2 * 2 ** 20;

/** Unwritten bytes at which writers that wait go on. */
const ENOUGH_BYTES = 8 * 2 ** 20;

/** Unwritten bytes at which writers have to wait. */
const MOST_BYTES = 16 * 2 ** 20;

export class WriteBehind {
  readonly #pages: PageCache;
  #writing: Promise<void> | undefined;
  /** Let writers go on that wait. */
  #waiting: (() => void)[] = [];

  constructor(pages: PageCache) {
    this.#pages = pages;
  }

  /** Begins to write when enough waits; to be called when pages were added. */
  begin(): void {
    if (this.#pages.dirtyBytes > BEGIN_BYTES) void this.#write();
  }

  /** Resolves when more pages may be added; undefined when they may. @throws StoreError */
  throttle(): Promise<void> | undefined {
    if (this.#pages.dirtyBytes <= MOST_BYTES) return undefined;
    const isEnough = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    return Promise.race([isEnough, this.#write()]);
  }

  #write(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#pages
        .flush("data", () => this.#letGoOn())
        .finally(() => {
          this.#writing = undefined;
        });
      // A failure stays visible: the pages stay dirty, and throttle or the next commit meets it again.
      this.#writing.catch(() => undefined);
    }
    return this.#writing;
  }

  #letGoOn(): void {
    if (this.#pages.dirtyBytes > ENOUGH_BYTES) return;
    for (const goOn of this.#waiting) goOn();
    this.#waiting = [];
  }
}
