/**
 * A vault in memory that is hard on the file system above it, for tests.
 *
 * 1. Records and pages are "not resident" at random: a transaction function is stopped at their first use and
 *    run again later, sometimes also when it had already returned. Pages are said to be near as often.
 * 2. What is lent is overwritten as soon as the borrower must have let go of it; what was taken over must not change.
 * 3. Using a page after its release, or releasing it twice, is an error.
 *
 * @module
 */
import type { BufferPool } from "../../src/core/base/buffer-pool.ts";
import { type CommitError, PageError, StoreError } from "../../src/core/base/errors.ts";
import { isPending, type MaybePromise } from "../../src/core/base/maybe-promise.ts";
import { addressOf, type PagePointer } from "../../src/core/format/address.ts";
import type { LoggedChange } from "../../src/core/format/log-entry.ts";
import { pageBuffers } from "../../src/core/pages/page-buffers.ts";
import type { PagesInFile } from "../../src/core/pages/pages-in-file.ts";
import type { Flush } from "../../src/core/vault/flushes.ts";
import type { NewPage, TransactionalVault } from "../../src/core/vault/transaction.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { Fault, MemoryTransaction } from "./memory-transaction.ts";
import { SortedRecords } from "./sorted-records.ts";

/** How a {@link MemoryVault} behaves. */
export interface MemoryVaultOptions {
  /** Chance that something is not resident, 0 to 1. */
  readonly faultRate?: number;
  /** Numbers from 0 to 1 that decide about faults. */
  readonly random?: () => number;
  /** Pages there are. */
  readonly capacity?: number;
  readonly readOnly?: boolean;
}

/** A page as it was added. */
export interface MemoryPage extends NewPage, PagePointer {
  /** A copy, to see whether the original is changed. */
  readonly copy: Uint8Array;
}

/** What a commit makes durable. */
interface MemoryState {
  readonly records: SortedRecords;
  readonly pages: ReadonlyMap<number, MemoryPage>;
  readonly inodes: number;
  readonly nextNumber: number;
  readonly lastIno: number;
}

/** See the head of this file. */
export class MemoryVault implements TransactionalVault {
  readonly readOnly: boolean;
  readonly buffers: BufferPool = pageBuffers(nodePlatform);
  readonly records: SortedRecords;
  /** Live pages by address. */
  readonly pages: Map<number, MemoryPage>;
  /** Called before each run of a transaction function; may throw. */
  onTransaction: () => void = () => {};
  /** Addresses whose pages are damaged. */
  readonly damaged = new Set<number>();
  /** Why changes are refused, once they are. */
  failure: CommitError | undefined;
  readonly keepsLog: boolean = false;
  /** Set, reads give layouts. */
  pagesInFile: PagesInFile | undefined;
  /** Set, it holds back writers until it ends. */
  settling: Promise<void> | undefined;
  inodes = 0;
  commits = 0;
  readonly #faultRate: number;
  readonly #random: () => number;
  readonly #capacity: number;
  readonly #listeners: ((changes: readonly LoggedChange[]) => void)[] = [];
  readonly #flushes: Flush[] = [];
  #nextNumber: number;
  #lastIno: number;
  #dying = 0;
  #dead = 0;
  /** The state after the last commit: hand it to a new vault to go on after a crash. */
  committed: MemoryState;

  /** @param from - state to begin with */
  constructor(options: MemoryVaultOptions = {}, from?: MemoryState) {
    this.readOnly = options.readOnly ?? false;
    this.#faultRate = options.faultRate ?? 0;
    this.#random = options.random ?? Math.random;
    this.#capacity = options.capacity ?? 2 ** 24;
    this.records = new SortedRecords(from?.records);
    this.pages = new Map(from?.pages);
    this.inodes = from?.inodes ?? 0;
    this.#nextNumber = from?.nextNumber ?? 120;
    this.#lastIno = from?.lastIno ?? 1;
    this.committed = this.#state();
  }

  #state(): MemoryState {
    return {
      records: new SortedRecords(this.records),
      pages: new Map(this.pages),
      inodes: this.inodes,
      nextNumber: this.#nextNumber,
      lastIno: this.#lastIno,
    };
  }

  transact<T>(body: (transaction: MemoryTransaction) => T): MaybePromise<T> {
    const resident = new Set<string>();
    const fault = (name: string): void => {
      if (resident.has(name)) return;
      resident.add(name);
      if (this.#random() < this.#faultRate) throw new Fault();
    };
    const attempt = (): MaybePromise<T> => {
      const isNear = (): boolean => this.#random() < this.#faultRate;
      const transaction = new MemoryTransaction(this, { fault, isNear }, this.#lastIno + 1);
      try {
        this.onTransaction();
        const result = body(transaction);
        fault("what the changes need");
        this.#apply(transaction);
        return result;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return new Promise((resolve) => setImmediate(resolve)).then(attempt);
      } finally {
        transaction.takeBack();
      }
    };
    return attempt();
  }

  #apply(transaction: MemoryTransaction): void {
    if (transaction.isChange && this.failure !== undefined) throw this.failure;
    if (transaction.isChange && this.readOnly) throw new Error("a read-only vault was changed");
    const changes = Array.from(transaction.changes(), ([key, value]) => ({ key, value }));
    if (changes.length > 0) for (const listener of this.#listeners) listener(changes);
    for (const { key, value } of changes) {
      if (value === undefined) this.records.delete(key);
      else this.records.set(key, value);
    }
    for (const pointer of transaction.released) {
      this.page(pointer);
      this.pages.delete(pointer.address);
      this.#dying += 1;
    }
    this.#lastIno = transaction.lastIno;
    this.inodes += transaction.inodes;
    for (const effect of transaction.effects) effect();
  }

  /** A live page. */
  page(pointer: PagePointer): MemoryPage {
    const page = this.pages.get(pointer.address);
    if (page === undefined || page.generation !== pointer.generation) {
      throw new Error(`page ${pointer.address} of ${pointer.generation} is not there`);
    }
    if (this.damaged.has(pointer.address)) {
      throw new PageError("PAGE_CORRUPT", pointer.address, "it was damaged on purpose");
    }
    return page;
  }

  addPages(contents: readonly NewPage[]): readonly PagePointer[] {
    if (this.space().freePages < contents.length) throw new StoreError("STORE_FULL", "full");
    return contents.map((content) => {
      if (content.payload.length > 65_536) throw new Error("a page is too long");
      const address = addressOf(this.#nextNumber++);
      const generation = this.commits;
      const copy = new Uint8Array(content.payload);
      this.buffers.hold(content.payload);
      this.pages.set(address, { ...content, address, generation, copy });
      return { address, generation };
    });
  }

  throttle(): undefined {
    return undefined;
  }

  prefetch(): void {}

  /** Answers later, and not for every page. */
  async takePages(
    _: "data",
    pointers: readonly PagePointer[],
  ): Promise<readonly (Uint8Array | undefined)[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return pointers.map((pointer) => {
      const page = this.pages.get(pointer.address);
      const isThere = page?.generation === pointer.generation && !this.damaged.has(page.address);
      return isThere && this.#random() > this.#faultRate ? page.payload.slice() : undefined;
    });
  }

  dismiss(): void {}

  onFlush(flush: Flush): void {
    this.#flushes.push(flush);
  }

  onSync(): void {}

  onChange(listener: (changes: readonly LoggedChange[]) => void): void {
    this.#listeners.push(listener);
  }

  takeLogged(): readonly Uint8Array[] {
    return [];
  }

  markDirty(): void {}

  sync(): Promise<void> {
    return this.commit();
  }

  async commit(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      const flushing = this.#flushes.map((flush) => flush("all")).filter(isPending);
      if (flushing.length === 0) break;
      await Promise.all(flushing);
    }
    this.#dead = this.#dying;
    this.#dying = 0;
    this.commits += 1;
    this.committed = this.#state();
    for (const page of this.pages.values()) {
      if (Buffer.compare(page.payload, page.copy) !== 0) throw new Error("a page was changed");
    }
  }

  /** What died stays in use until the second commit afterwards. */
  space(): { totalPages: number; freePages: number } {
    const used = this.pages.size + this.#dying + this.#dead;
    return { totalPages: this.#capacity, freePages: Math.max(0, this.#capacity - used) };
  }
}
