/**
 * A store that answers reads later, as a disk or a network does.
 *
 * @module
 */
import type { PageError } from "../../src/core/base/errors.ts";
import { type MemoryContents, MemoryStore } from "../../src/core/pages/memory-store.ts";
import type {
  PageRun,
  PageStore,
  StoredPage,
  StoreSpace,
} from "../../src/core/pages/page-store.ts";

/** How a {@link LateStore} behaves. */
export interface LateStoreOptions {
  /** Contents of another store, to open its vault again. */
  readonly contents?: MemoryContents;
  /** Whether it says of its pages that they are nearby. */
  readonly isNear?: boolean;
  /** Ends when a read may be answered; after a turn of the event loop when left out. */
  readonly delay?: () => Promise<unknown>;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** See the head of this file. */
export class LateStore implements PageStore {
  readonly name = "late";
  readonly readOnly = false;
  readonly reusesAddresses = true;
  /** Pages read so far, and calls they were read by. */
  reads = 0;
  calls = 0;
  readonly #store: MemoryStore;
  readonly #isNear: boolean;
  readonly #delay: () => Promise<unknown>;

  constructor({ contents, isNear = false, delay = nextTurn }: LateStoreOptions = {}) {
    this.#store = new MemoryStore(contents === undefined ? {} : { contents });
    this.#isNear = isNear;
    this.#delay = delay;
  }

  get contents(): MemoryContents {
    return this.#store.contents;
  }

  get end(): number {
    return this.#store.end;
  }

  async read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): Promise<readonly (Uint8Array | PageError)[]> {
    await this.#delay();
    this.reads += addresses.length;
    this.calls += 1;
    return this.#store.read(addresses, room);
  }

  isNear(): boolean {
    return this.#isNear;
  }

  readHeaders(): readonly (Uint8Array | undefined)[] {
    return this.#store.readHeaders();
  }

  publish(header: Uint8Array, slot: 0 | 1): void {
    this.#store.publish(header, slot);
  }

  seed(end: number, free: readonly PageRun[]): void {
    this.#store.seed(end, free);
  }

  allocate(count: number, reserve: number, out: number[]): void {
    this.#store.allocate(count, reserve, out);
  }

  release(addresses: readonly number[]): void {
    this.#store.release(addresses);
  }

  write(pages: readonly StoredPage[]): void {
    this.#store.write(pages);
  }

  space(): StoreSpace {
    return this.#store.space();
  }

  close(): void {}
}
