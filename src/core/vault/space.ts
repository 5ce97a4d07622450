/**
 * Which pages of a store are in use, kept for stores that reuse addresses (FORMAT.md §5.3).
 *
 * One bit a page number in chunks of one `space` page each; 64 KiB of bitmap tell of 32 GiB of vault. Only chunks that
 * changed are written at a commit.
 *
 * @module
 */

import { addressOf, type PagePointer, pageNumber } from "../format/address.ts";
import {
  BITS_PER_PAGE,
  countUsed,
  decodeSpacePage,
  encodeSpacePage,
  isUsed,
  setUsed,
} from "../format/space-map.ts";
import type { CachedPage } from "../pages/cached-page.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { PageRun } from "../pages/page-store.ts";

/** Bytes of a chunk that tells of few pages; doubled as needed up to PAGE_SIZE. */
const SMALLEST_CHUNK = 256;

export class SpaceMap {
  readonly #chunks: Uint8Array[] = [];
  readonly #changed = new Set<number>();
  readonly #pointers: (PagePointer | undefined)[] = [];
  #used = 0;

  /** Pages in use. */
  get used(): number {
    return this.#used;
  }

  /** Reads the map a commit root points to. @throws PageError */
  static async load(pages: PageCache, pointers: readonly PagePointer[]): Promise<SpaceMap> {
    const map = new SpaceMap();
    map.#pointers.push(...pointers);
    for (const pointer of pointers) {
      const { payload } = await fetchPage(pages, "space", pointer);
      const chunk = decodeSpacePage(payload).slice(0, roomFor(payload.length));
      map.#used += countUsed(chunk);
      map.#chunks.push(chunk);
    }
    return map;
  }

  /** Makes a map for pages that were found by other means; `pointers` lead to the one it takes the place of. */
  static rebuild(
    pointers: readonly PagePointer[],
    end: number,
    isInUse: (number: number) => boolean,
  ): SpaceMap {
    const map = new SpaceMap();
    map.#pointers.push(...pointers);
    for (const index of pointers.keys()) map.#changed.add(index);
    for (const _ of pointers) map.#chunks.push(new Uint8Array(SMALLEST_CHUNK));
    for (let number = 0; number < end; number++) {
      if (isInUse(number)) map.mark(addressOf(number), true);
    }
    return map;
  }

  /** Whether the newest map calls a page used. */
  isUsed(address: number): boolean {
    const number = pageNumber(address);
    const chunk = this.#chunks[Math.floor(number / BITS_PER_PAGE)];
    return chunk !== undefined && isUsed(chunk, number % BITS_PER_PAGE);
  }

  /** Takes note that a page came into use or went out of it. */
  mark(address: number, used: boolean): void {
    // A damaged TOC may lose a page that nothing ever was in; the map does not grow for it.
    if (!used && !this.isUsed(address)) return;
    const number = pageNumber(address);
    const index = Math.floor(number / BITS_PER_PAGE);
    const bit = number % BITS_PER_PAGE;
    const chunk = this.#chunkWith(index, bit);
    if (isUsed(chunk, bit) === used) return;
    setUsed(chunk, bit, used);
    this.#used += used ? 1 : -1;
    this.#changed.add(index);
  }

  /** Gives all pages of the map fresh places when it is saved next. */
  renew(): void {
    for (const index of this.#chunks.keys()) this.#changed.add(index);
  }

  /** A chunk, made or grown so that it has a bit: short maps make short pages. */
  #chunkWith(index: number, bit: number): Uint8Array {
    while (this.#chunks.length <= index) this.#chunks.push(new Uint8Array(SMALLEST_CHUNK));
    const chunk = this.#chunks[index] as Uint8Array;
    if (bit >>> 3 < chunk.length) return chunk;
    const larger = new Uint8Array(roomFor((bit >>> 3) + 1));
    larger.set(chunk);
    this.#chunks[index] = larger;
    return larger;
  }

  /**
   * Runs of pages below `end` that are not in use. What the map does not reach is one run, up to pages left out, since any
   * end can be written into a commit root.
   * @param spare - pages to be left out
   */
  free(end: number, spare: readonly PagePointer[]): PageRun[] {
    const left = new Set(spare.map(({ address }) => pageNumber(address)));
    const reached = Math.min(end, this.#chunks.length * BITS_PER_PAGE);
    const runs = this.#freeReached(reached, left);
    const bounds = [...left].filter((number) => number >= reached && number < end);
    const last = runs.at(-1);
    const isOpen = last !== undefined && last.start + last.count === reached;
    let start = isOpen ? last.start : reached;
    if (isOpen) runs.pop();
    for (const bound of [...bounds.sort((a, b) => a - b), end]) {
      if (bound > start) runs.push({ start, count: bound - start });
      start = bound + 1;
    }
    return runs;
  }

  #freeReached(end: number, left: ReadonlySet<number>): PageRun[] {
    const runs: { start: number; count: number }[] = [];
    for (let number = 0; number < end; number++) {
      const chunk = this.#chunks[Math.floor(number / BITS_PER_PAGE)];
      const bit = number % BITS_PER_PAGE;
      const byte = chunk?.[bit >>> 3] ?? 0;
      if (byte === 0xff && (bit & 7) === 0) {
        number += 7;
        continue;
      }
      if ((byte & (1 << (bit & 7))) !== 0 || left.has(number)) continue;
      const run = runs[runs.length - 1];
      if (run !== undefined && run.start + run.count === number) run.count += 1;
      else runs.push({ start: number, count: 1 });
    }
    return runs;
  }

  /**
   * Puts the map as the open generation leaves it into pages. Pages that died but are still kept from reuse are not in
   * use by what the new header describes, so its map calls them free.
   * @returns pointers to all pages of the map
   */
  save(pages: PageCache): readonly PagePointer[] {
    const fresh = this.#makePages(pages);
    const gone = this.#dead(pages);
    for (const [index, page] of fresh) pages.settle(page, this.#image(index, gone));
    this.#changed.clear();
    return this.#pointers as readonly PagePointer[];
  }

  /** Pages of the map that died; a damaged TOC may lose others, too. */
  #dead(pages: PageCache): number[] {
    return [...pages.deadAddresses()].filter((address) => this.isUsed(address));
  }

  /** Makes a page for each chunk that changed; making one may change a further chunk, so it goes on until none is left. */
  #makePages(pages: PageCache): Map<number, CachedPage> {
    const fresh = new Map<number, CachedPage>();
    for (;;) {
      for (const address of this.#dead(pages)) this.#changed.add(chunkOf(address));
      const index = this.#nextChanged(fresh);
      if (index === undefined) return fresh;
      const owner = { ino: 0, block: index };
      const [page] = pages.add([{ pageClass: "space", owner, payload: new Uint8Array(0) }]);
      const old = this.#pointers[index];
      if (old !== undefined) pages.retire(old);
      const { address, generation } = page as CachedPage;
      this.#pointers[index] = { address, generation };
      fresh.set(index, page as CachedPage);
    }
  }

  #nextChanged(done: ReadonlyMap<number, unknown>): number | undefined {
    for (const index of this.#changed) if (!done.has(index)) return index;
    return undefined;
  }

  #image(index: number, gone: readonly number[]): Uint8Array {
    const image = (this.#chunks[index] as Uint8Array).slice();
    for (const address of gone) {
      if (chunkOf(address) !== index) continue;
      setUsed(image, pageNumber(address) % BITS_PER_PAGE, false);
    }
    return encodeSpacePage(image);
  }
}

/** Bytes of a chunk that holds at least so many. */
function roomFor(bytes: number): number {
  let room = SMALLEST_CHUNK;
  while (room < bytes) room *= 2;
  return room;
}

function chunkOf(address: number): number {
  return Math.floor(pageNumber(address) / BITS_PER_PAGE);
}
