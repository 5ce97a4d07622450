/**
 * Writing data pages before a commit asks for them, so that commits are short and what waits in memory stays bounded.
 *
 * @module
 */
import type { PageCache } from "../pages/page-cache.ts";

/** Unwritten bytes at which writing behind begins. */
const BEGIN_BYTES = 8 * 2 ** 20;

/** Unwritten bytes at which writers have to wait. */
const THROTTLE_BYTES = 32 * 2 ** 20;

export class WriteBehind {
  readonly #pages: PageCache;
  #writing: Promise<void> | undefined;

  constructor(pages: PageCache) {
    this.#pages = pages;
  }

  /** Begins to write when enough waits; to be called when pages were added. */
  begin(): void {
    if (this.#pages.dirtyBytes > BEGIN_BYTES) void this.#write();
  }

  /** Resolves when more pages may be added; undefined when they may. @throws StoreError */
  throttle(): Promise<void> | undefined {
    return this.#pages.dirtyBytes > THROTTLE_BYTES ? this.#write() : undefined;
  }

  #write(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#pages.flush("data").finally(() => {
        this.#writing = undefined;
      });
      // A failure stays visible: the pages stay dirty, and throttle or the next commit meets it again.
      this.#writing.catch(() => undefined);
    }
    return this.#writing;
  }
}
