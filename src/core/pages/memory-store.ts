/**
 * A store in memory: for tests, and for vaults that live as long as their program.
 *
 * @module
 */
import { PageError, StoreError } from "../base/errors.ts";
import { addressOf, pageNumber } from "../format/address.ts";
import type { PageRun, PageStore, StoredPage, StoreSpace } from "./page-store.ts";

/** What a {@link MemoryStore} is made with. */
export interface MemoryStoreOptions {
  readonly readOnly?: boolean;
  /** Most pages it holds. */
  readonly capacity?: number;
  /** Contents of another store of this kind, shared with it. */
  readonly contents?: MemoryContents;
}

/** What a {@link MemoryStore} keeps; hand it to a new one to open the same vault again. */
export interface MemoryContents {
  readonly headers: [Uint8Array | undefined, Uint8Array | undefined];
  readonly pages: Map<number, Uint8Array>;
}

export class MemoryStore implements PageStore {
  readonly name = "memory";
  readonly readOnly: boolean;
  readonly reusesAddresses = true;
  readonly contents: MemoryContents;
  readonly #capacity: number;
  #free: number[] = [];
  #end = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.readOnly = options.readOnly ?? false;
    this.#capacity = options.capacity ?? 2 ** 24;
    this.contents = options.contents ?? { headers: [undefined, undefined], pages: new Map() };
  }

  get end(): number {
    return this.#end;
  }

  readHeaders(): readonly (Uint8Array | undefined)[] {
    return this.contents.headers.map((header) => header?.slice());
  }

  publish(header: Uint8Array, slot: 0 | 1): void {
    this.contents.headers[slot] = header.slice();
  }

  sync(): void {}

  seed(end: number, free: readonly PageRun[]): void {
    this.#end = end;
    this.#free = free.flatMap((run) => Array.from({ length: run.count }, (_, i) => run.start + i));
  }

  allocate(count: number, reserve: number, out: number[]): void {
    if (reserve > 0 && this.space().freePages < count + reserve) throw this.#full();
    for (let i = 0; i < count; i++) out.push(addressOf(this.#free.pop() ?? this.#end++));
  }

  release(addresses: readonly number[]): void {
    for (const address of addresses) this.#free.push(pageNumber(address));
  }

  read(addresses: readonly number[], room: () => Uint8Array): readonly (Uint8Array | PageError)[] {
    return addresses.map((address) => {
      const page = this.contents.pages.get(address);
      if (page === undefined) {
        return new PageError("PAGE_MISSING", address, "it is not in the store");
      }
      const copy = room().subarray(0, page.length);
      copy.set(page);
      return copy;
    });
  }

  isNear(): boolean {
    return true;
  }

  write(pages: readonly StoredPage[]): void {
    for (const { address, bytes } of pages) {
      if (pageNumber(address) >= this.#capacity) throw this.#full();
      this.contents.pages.set(address, bytes.slice());
    }
  }

  space(): StoreSpace {
    const freePages = Math.max(0, this.#capacity - this.#end) + this.#free.length;
    return { totalPages: this.#capacity, freePages };
  }

  close(): void {}

  #full(): StoreError {
    return new StoreError("STORE_FULL", `memory store is full: ${this.#capacity} pages are in use`);
  }
}
