/**
 * Clean pages in memory, up to a number of bytes.
 *
 * A hand goes round over them: what was used since it last came by stays for another round, the next that was not goes. That
 * is nearly "least recently used goes first" (the CLOCK algorithm), and a page that is found costs no change of any order.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import type { CachedPage } from "./cached-page.ts";

/** Bookkeeping charged per page on top of the buffer its payload stands in, bytes. */
const PAGE_BOOKKEEPING = 256;

interface Entry {
  readonly page: CachedPage;
  /** What the page keeps from other use. */
  readonly bytes: number;
  isUsed: boolean;
}

export class CleanPages {
  readonly #buffers: BufferPool;
  /** By address, in the order of the hand. */
  readonly #entries = new Map<number, Entry>();
  #hand: Iterator<Entry> = this.#entries.values();
  #bytes = 0;

  /** @param buffers - get the payloads of pages that go */
  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** Bytes that the pages take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The page of an address, which is a use of it. */
  get(address: number): CachedPage | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.page;
  }

  /** As {@link CleanPages.get}, without being a use. */
  peek(address: number): CachedPage | undefined {
    return this.#entries.get(address)?.page;
  }

  /** Takes a page over, in the place of another one of its address. */
  set(page: CachedPage): void {
    this.delete(page.address);
    const bytes = this.#buffers.weightOf(page.payload) + PAGE_BOOKKEEPING;
    this.#entries.set(page.address, { page, bytes, isUsed: true });
    this.#bytes += bytes;
  }

  delete(address: number): void {
    const entry = this.#entries.get(address);
    if (entry === undefined) return;
    this.#entries.delete(address);
    this.#bytes -= entry.bytes;
    this.#buffers.giveBack(entry.page.payload);
  }

  /** Lets pages go until the others take no more than so many bytes. */
  shrink(most: number): void {
    while (this.#bytes > most) this.#evict();
  }

  #evict(): void {
    for (;;) {
      const { done, value } = this.#hand.next();
      if (done === true) {
        this.#hand = this.#entries.values();
      } else if (value.isUsed) {
        value.isUsed = false;
      } else {
        this.delete(value.page.address);
        return;
      }
    }
  }

  clear(): void {
    this.shrink(0);
  }
}
