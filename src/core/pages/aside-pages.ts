/**
 * Pages that are set aside and written past the cache: nobody reads them but who opens the vault next.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { PageCodec, PlainPage } from "../format/page-codec.ts";
import type { PageStore, StoredPage } from "./page-store.ts";

/** What pages aside stand on. */
export interface AsideParts {
  readonly store: PageStore;
  readonly codec: PageCodec;
  readonly buffers: BufferPool;
  readonly onAddress: (address: number, used: boolean) => void;
  /** Told of addresses that the open generation no longer needs. */
  readonly bury: (address: number) => void;
}

export class AsidePages {
  readonly #parts: AsideParts;
  readonly #room = (): Uint8Array => this.#parts.buffers.take();
  #sealed = 0;

  constructor(parts: AsideParts) {
    this.#parts = parts;
  }

  /** Pages sealed so far. */
  get sealedPages(): number {
    return this.#sealed;
  }

  /**
   * Hands out addresses.
   * @param reserve - pages that must stay writable afterwards
   * @throws StoreError STORE_FULL
   */
  take(count: number, reserve: number): readonly number[] {
    const { store, onAddress } = this.#parts;
    const addresses: number[] = [];
    store.allocate(count, reserve, addresses);
    for (const address of addresses) onAddress(address, true);
    return addresses;
  }

  /** Takes addresses back that were never written. */
  giveBack(addresses: readonly number[]): void {
    for (const address of addresses) this.#parts.onAddress(address, false);
    this.#parts.store.release(addresses);
  }

  /** The open generation does without these addresses. */
  giveUp(addresses: readonly number[]): void {
    for (const address of addresses) this.#parts.bury(address);
  }

  /** Writes pages under addresses that were taken. @throws StoreError */
  write(pages: readonly PlainPage[]): MaybePromise<void> {
    return chain(this.#parts.codec.sealAll(pages, this.#room), (stored) => {
      this.#sealed += pages.length;
      return this.#store(
        pages.map(({ address }, i) => ({ address, bytes: stored[i] as Uint8Array })),
      );
    });
  }

  /** Gives the buffers back, however it ends. */
  #store(pages: readonly StoredPage[]): MaybePromise<void> {
    const giveBack = (): void => {
      for (const { bytes } of pages) this.#parts.buffers.giveBack(bytes);
    };
    let writing: MaybePromise<void>;
    try {
      writing = this.#parts.store.write(pages);
    } catch (error) {
      giveBack();
      throw error;
    }
    if (isPending(writing)) return writing.finally(giveBack);
    giveBack();
  }
}
