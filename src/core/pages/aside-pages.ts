/**
 * Pages that are set aside and written past the cache: nobody reads them but who opens the vault next.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { chain, finish, type MaybePromise } from "../base/maybe-promise.ts";
import type { PageCodec, PlainPage } from "../format/page-codec.ts";
import type { PageStore } from "./page-store.ts";
import { PageWriter } from "./page-writer.ts";

/** What pages aside stand on. */
export interface AsideParts {
  readonly store: PageStore;
  readonly codec: PageCodec;
  readonly buffers: BufferPool;
  readonly onAddress: (address: number, used: boolean) => void;
  /** Told of addresses that the open generation no longer needs. */
  readonly bury: (address: number) => void;
}

/** Pages that are sealed and written at a time: 4 MiB. */
const BATCH = 64;

export class AsidePages {
  readonly #parts: AsideParts;
  /** Takes many, in batches. */
  readonly #writer: PageWriter;
  #spare: Uint8Array | undefined;
  #seals = 0;

  constructor(parts: AsideParts) {
    this.#parts = parts;
    this.#writer = new PageWriter(parts);
  }

  /** Messages sealed so far. */
  get seals(): number {
    return this.#seals + this.#writer.seals;
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

  /**
   * Writes pages under addresses that were taken.
   * @param pages - many of them one after the other
   * @throws StoreError
   */
  write(pages: readonly PlainPage[]): MaybePromise<void> {
    if (pages.length > BATCH) return this.#writer.write(batchesOf(pages), () => {});
    const rooms: Uint8Array[] = [];
    const sealed = this.#parts.codec.sealAll(pages, () => this.#takeRoom(rooms));
    return chain(sealed, (stored) => {
      this.#seals += this.#parts.codec.sealsOf(pages);
      const toStore = pages.map(({ address }, i) => ({ address, bytes: stored[i] as Uint8Array }));
      const giveBack = (): void => {
        for (const room of rooms) this.#giveBackRoom(room);
      };
      return finish(() => this.#parts.store.write(toStore), giveBack);
    });
  }

  #takeRoom(rooms: Uint8Array[]): Uint8Array {
    const room = this.#spare ?? this.#parts.buffers.take();
    this.#spare = undefined;
    rooms.push(room);
    return room;
  }

  /** Nobody borrows what was sealed, so one room is used again at once, without waiting for the turn to end. */
  #giveBackRoom(room: Uint8Array): void {
    if (this.#spare === undefined) this.#spare = room;
    else this.#parts.buffers.giveBack(room);
  }
}

function* batchesOf(pages: readonly PlainPage[]): Iterable<readonly PlainPage[]> {
  for (let at = 0; at < pages.length; at += BATCH) yield pages.slice(at, at + BATCH);
}
