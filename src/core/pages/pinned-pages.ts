/**
 * Pages that stay resident beyond the budget of the cache, for one operation that waits for them together.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import type { PagePointer } from "../format/address.ts";

/** A page that can be kept. */
interface Pinnable extends PagePointer {
  readonly payload: Uint8Array;
}

export class PinnedPages<Page extends Pinnable> {
  readonly #buffers: BufferPool;
  /** By address; undefined before they came. */
  readonly #pages = new Map<number, Page | undefined>();

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** A page that is going to be loaded will be kept. */
  pin({ address }: PagePointer): void {
    if (!this.#pages.has(address)) this.#pages.set(address, undefined);
  }

  /** Keeps a page that came, if it is to be. */
  keep(page: Page): void {
    const { address } = page;
    if (!this.#pages.has(address) || this.#pages.get(address) !== undefined) return;
    this.#buffers.hold(page.payload);
    this.#pages.set(address, page);
  }

  get({ address, generation }: PagePointer): Page | undefined {
    const page = this.#pages.get(address);
    return page?.generation === generation ? page : undefined;
  }

  /** Lets all go. */
  unpin(): void {
    for (const page of this.#pages.values()) {
      if (page !== undefined) this.#buffers.giveBack(page.payload);
    }
    this.#pages.clear();
  }
}
