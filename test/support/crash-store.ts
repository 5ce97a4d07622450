/**
 * A store in memory that shows what a power loss could leave of it, at every step.
 *
 * What was written since the last sync may be there or not, each page by itself, or be torn.
 *
 * @module
 */
import { type MemoryContents, MemoryStore } from "../../src/core/pages/memory-store.ts";
import type { StoredPage } from "../../src/core/pages/page-store.ts";

/** See the head of this file. */
export class CrashStore extends MemoryStore {
  /** Called whenever something new may survive. */
  onStep: () => void = () => {};
  readonly #random: () => number;
  #durable: ReadonlyMap<number, Uint8Array>;
  #unsynced: StoredPage[] = [];

  /**
   * @param random - numbers from 0 to 1 that decide what survives
   * @param contents - what it begins with
   */
  constructor(random: () => number, contents?: MemoryContents) {
    super(contents === undefined ? {} : { contents });
    this.#random = random;
    this.#durable = new Map(this.contents.pages);
  }

  override write(pages: readonly StoredPage[]): void {
    super.write(pages);
    for (const { address } of pages) {
      const bytes = this.contents.pages.get(address) as Uint8Array;
      this.#unsynced.push({ address, bytes });
    }
    this.onStep();
  }

  override sync(): void {
    this.#durable = new Map(this.contents.pages);
    this.#unsynced = [];
    this.onStep();
  }

  override publish(header: Uint8Array, slot: 0 | 1): void {
    this.sync();
    super.publish(header, slot);
    this.onStep();
  }

  /** What is left after a power loss now. */
  crash(): MemoryContents {
    const pages = new Map(this.#durable);
    for (const { address, bytes } of this.#unsynced) {
      const luck = this.#random();
      if (luck < 0.5) pages.set(address, bytes);
      else if (luck < 0.6) pages.set(address, torn(pages.get(address), bytes, this.#random()));
    }
    return { headers: [...this.contents.headers], pages };
  }
}

/** The first part of a page over what stood in its place. */
function torn(before: Uint8Array | undefined, after: Uint8Array, share: number): Uint8Array {
  const page = new Uint8Array(Math.max(before?.length ?? 0, after.length));
  page.set(before ?? []);
  page.set(after.subarray(0, Math.floor(after.length * share)));
  return page;
}
