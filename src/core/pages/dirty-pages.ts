/**
 * Pages that are not in the store yet, and in which order they go there.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import type { CachedPage } from "./cached-page.ts";
import type { PageWriter } from "./page-writer.ts";

/** Pages that go to the store together at most: 2 MiB keeps memory small and writes long. */
const BATCH = 32;

export class DirtyPages {
  readonly #buffers: BufferPool;
  readonly #pages = new Map<number, CachedPage>();
  #bytes = 0;

  /** @param buffers - payloads may stand in them */
  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** Payload bytes of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  all(): Iterable<CachedPage> {
    return this.#pages.values();
  }

  get(address: number): CachedPage | undefined {
    return this.#pages.get(address);
  }

  /** Whether just this page is one of them. */
  has(page: CachedPage): boolean {
    return this.#pages.get(page.address) === page;
  }

  /** Takes a page in, whose payload is held from now on. */
  add(page: CachedPage): void {
    this.#buffers.hold(page.payload);
    this.#pages.set(page.address, page);
    this.#bytes += page.payload.byteLength;
  }

  /** Gives a page another payload, whether it is one of them or not. */
  settle(page: CachedPage, payload: Uint8Array): void {
    if (this.has(page)) this.#bytes += payload.byteLength - page.payload.byteLength;
    this.#buffers.hold(payload);
    this.#buffers.giveBack(page.payload);
    page.payload = payload;
  }

  /** Takes a page out. @returns whether it was one of them; then its payload is the caller's to give back */
  delete(page: CachedPage): boolean {
    if (!this.has(page)) return false;
    this.#bytes -= page.payload.byteLength;
    return this.#pages.delete(page.address);
  }

  /** Those that were born in a generation. */
  *bornIn(generation: number): Iterable<CachedPage> {
    for (const page of this.#pages.values()) if (page.generation === generation) yield page;
  }

  /** Those that were born before a generation, by address; what is gone when its turn comes is left out. */
  *bornBefore(generation: number): Iterable<readonly CachedPage[]> {
    const pages: CachedPage[] = [];
    for (const page of this.#pages.values()) if (page.generation < generation) pages.push(page);
    pages.sort((a, b) => a.address - b.address);
    for (let at = 0; at < pages.length; at += BATCH) {
      const batch = pages.slice(at, at + BATCH).filter((page) => this.has(page));
      if (batch.length > 0) yield batch;
    }
  }

  /** File content, the oldest first, with what is added meanwhile; ends early when others wait for the one who takes it. */
  *data(taker: Pick<PageWriter, "isUnderWay" | "isAwaited">): Iterable<readonly CachedPage[]> {
    while (!taker.isAwaited) {
      const batch: CachedPage[] = [];
      for (const page of this.#pages.values()) {
        if (isContent(page) && !taker.isUnderWay(page.address)) batch.push(page);
        if (batch.length === BATCH) break;
      }
      if (batch.length === 0) return;
      yield batch;
    }
  }
}

function isContent({ pageClass }: CachedPage): boolean {
  return pageClass === "data" || pageClass === "pack";
}
