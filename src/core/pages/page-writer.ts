/**
 * Pages on their way into the store, in batches: one is sealed while the one before it is written.
 *
 * A page may die meanwhile: until it has arrived its payload is held, and {@link PageWriter.isUnderWay} says that its
 * place must not be given away.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import type { PageCodec } from "../format/page-codec.ts";
import type { CachedPage } from "./cached-page.ts";
import type { PageStore } from "./page-store.ts";

/** Between which pages go. */
export interface PageWriterParts {
  readonly store: Pick<PageStore, "write">;
  readonly codec: Pick<PageCodec, "sealAll" | "sealsOf">;
  /** Gives room for stored pages; payloads may stand in it. */
  readonly buffers: BufferPool;
}

/** Told of pages that are in the store. */
export type OnArrival = (pages: readonly CachedPage[]) => void;

/** Pages and what they are in the store. */
interface SealedBatch {
  readonly pages: readonly CachedPage[];
  readonly stored: readonly Uint8Array[];
}

export class PageWriter {
  readonly #parts: PageWriterParts;
  readonly #underWay = new Set<number>();
  #last: Promise<void> = Promise.resolve();
  /** Calls of {@link write} that have not ended. */
  #calls = 0;
  #seals = 0;

  constructor(parts: PageWriterParts) {
    this.#parts = parts;
  }

  /** Messages sealed so far. */
  get seals(): number {
    return this.#seals;
  }

  /** Whether a page is on its way, by its address. */
  isUnderWay(address: number): boolean {
    return this.#underWay.has(address);
  }

  /** Whether somebody waits for those before to be written. */
  get isAwaited(): boolean {
    return this.#calls > 1;
  }

  /**
   * Seals and writes pages, when all that were asked for before are written.
   * @param batches - each is asked for when there is time for it
   * @throws StoreError
   */
  write(batches: Iterable<readonly CachedPage[]>, onArrival: OnArrival): Promise<void> {
    this.#calls += 1;
    const written = this.#last
      .then(() => this.#writeAll(batches, onArrival))
      .finally(() => {
        this.#calls -= 1;
      });
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #writeAll(batches: Iterable<readonly CachedPage[]>, onArrival: OnArrival): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    try {
      for (const pages of batches) {
        const batch = await this.#seal(pages);
        const before = writing;
        writing = this.#writeBehind(before, batch, onArrival);
        // Whoever waits for the last one is told.
        writing.catch(() => undefined);
        await before;
      }
    } finally {
      await writing;
    }
  }

  async #seal(pages: readonly CachedPage[]): Promise<SealedBatch> {
    const { codec, buffers } = this.#parts;
    for (const { address, payload } of pages) {
      this.#underWay.add(address);
      buffers.hold(payload);
    }
    try {
      const stored = await codec.sealAll(pages, () => buffers.take());
      this.#seals += codec.sealsOf(pages);
      return { pages, stored };
    } catch (error) {
      this.#end(pages);
      throw error;
    }
  }

  /** Writes a batch when the one before is written. */
  async #writeBehind(
    before: Promise<void>,
    { pages, stored }: SealedBatch,
    onArrival: OnArrival,
  ): Promise<void> {
    const { store, buffers } = this.#parts;
    try {
      await before;
      await store.write(
        pages.map(({ address }, i) => ({ address, bytes: stored[i] as Uint8Array })),
      );
      onArrival(pages);
    } finally {
      for (const bytes of stored) buffers.giveBack(bytes);
      this.#end(pages);
    }
  }

  #end(pages: readonly CachedPage[]): void {
    for (const { address, payload } of pages) {
      this.#underWay.delete(address);
      this.#parts.buffers.giveBack(payload);
    }
  }
}
