/**
 * A vault in one local file.
 *
 * 1. One process writes: it holds the file's exclusive lock (flock(2)), which the kernel drops when it dies. Readers
 *    take none.
 * 2. Pages are read with `pread` on the main thread, since a trip through the thread pool costs more than a read; many
 *    scattered reads, long writes and slow syncs go through the pool, so that calls go on meanwhile.
 * 3. `publish` syncs the pages, writes one header slot, and syncs again (design invariant 3).
 * 4. After a sync that failed, the system may show a header that the disk does not hold, also to the next process, while
 *    the one on the disk needs pages that are free now. So pages that were free when the file was opened wait for
 *    the next header, unless the disk has no room for others.
 *
 * @module
 */
import { constants, fstatSync, statfsSync, unlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PageError } from "../../core/base/errors.ts";
import { type MaybePromise, rescue } from "../../core/base/maybe-promise.ts";
import { addressOf, pageNumber } from "../../core/format/address.ts";
import {
  classCode,
  decodePageHeader,
  PAGE_HEADER_SIZE,
  type PageHeader,
} from "../../core/format/page-header.ts";
import type { PageScan } from "../../core/pages/page-scan.ts";
import type {
  PageFile,
  PageRun,
  PageStore,
  StoredPage,
  StoreSpace,
} from "../../core/pages/page-store.ts";
import { tryLock } from "../../native/host.ts";
import { storeBusy, storeError, storeFull } from "./file-errors.ts";
import { type IoVector, readAll, readEachPooled, writeAll, writeAllPooled } from "./gathered-io.ts";
import { DescriptorFile, type HostFile } from "./host-file.ts";
import { HEADER_SLOT_SIZE, HEADER_SLOTS, PAGE_STRIDE, pageOffset, pagesWithin } from "./layout.ts";
import { PageAllocator } from "./page-allocator.ts";
import { gatherWrites, runsOf } from "./page-runs.ts";
import { SyncPace } from "./sync-pace.ts";

/** Writes up to this size are made inline: copying them costs less than a trip through the thread pool. */
const INLINE_WRITE_BYTES = 256 * 1024;

/** Reads at so many places are not made inline. */
const POOLED_RUNS = 8;

/** With more than this written since the last sync, it is not made inline, however quick the last ones were. */
const INLINE_SYNC_BYTES = 2 ** 20;

/** Pages handed out before the room left on the disk is asked for again. */
const SPACE_CHECK_PAGES = 64;

/** Where a page header says which class the page is of. */
const CLASS_AT = 4;

export class FileStore implements PageStore, PageScan {
  readonly name: string;
  readonly readOnly: boolean;
  readonly reusesAddresses = true;
  readonly #file: HostFile;
  readonly #allocator = new PageAllocator();
  /** Whether it is known which pages are in use. */
  #isSeeded = false;
  #placed: PageFile | undefined;
  readonly #pace = new SyncPace();
  #bytesSinceSync = 0;
  #diskPages = 0;
  #handedOut = Number.POSITIVE_INFINITY;
  /** Pages that were free when the file was opened, as long as they wait for a header. */
  #waiting: readonly PageRun[] = [];

  /**
   * Use {@link FileStore.create} and {@link FileStore.open}, which see to the lock.
   * @param name - path of the file
   */
  constructor(name: string, file: HostFile, readOnly: boolean) {
    this.name = name;
    this.#file = file;
    this.readOnly = readOnly;
  }

  /**
   * Makes a new vault file, of mode 0600, and holds it for writing.
   * @throws StoreError STORE_EXISTS when there is a file already, STORE_DENIED, STORE_FULL
   */
  static create(path: string): FileStore {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    return FileStore.#open(resolve(path), flags, false);
  }

  /**
   * Opens a vault file, for writing unless told otherwise.
   * @throws StoreError STORE_MISSING, STORE_DENIED, STORE_BUSY when another process holds it for writing
   */
  static open(path: string, options: { readonly readOnly?: boolean } = {}): FileStore {
    const readOnly = options.readOnly ?? false;
    return FileStore.#open(
      resolve(path),
      readOnly ? constants.O_RDONLY : constants.O_RDWR,
      readOnly,
    );
  }

  static #open(path: string, flags: number, readOnly: boolean): FileStore {
    let file: DescriptorFile;
    try {
      file = DescriptorFile.open(path, flags);
    } catch (error) {
      throw storeError(path, "open", error);
    }
    try {
      const { fd } = file;
      if (!fstatSync(fd).isFile()) throw storeError(path, "open", { code: "EISDIR" });
      if (!readOnly && !tryLock(fd, "exclusive")) throw storeBusy(path, fd);
      return new FileStore(path, file, readOnly);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get end(): number {
    return this.#allocator.end;
  }

  get file(): PageFile | undefined {
    const { fd } = this.#file;
    if (fd === undefined) return undefined;
    this.#placed ??= { fd, offset: pageOffset(0), stride: PAGE_STRIDE };
    return this.#placed;
  }

  readHeaders(): readonly (Uint8Array | undefined)[] {
    const headers: (Uint8Array | undefined)[] = [];
    for (let slot = 0; slot < HEADER_SLOTS; slot++) {
      const bytes = new Uint8Array(HEADER_SLOT_SIZE);
      const read = this.#read([bytes], slot * HEADER_SLOT_SIZE);
      headers.push(read === 0 ? undefined : bytes.subarray(0, read));
    }
    return headers;
  }

  async publish(header: Uint8Array, slot: 0 | 1): Promise<void> {
    try {
      await this.#sync();
      const bytes = new Uint8Array(HEADER_SLOT_SIZE);
      bytes.set(header);
      const { length } = bytes;
      writeAll(this.#file, { offset: slot * HEADER_SLOT_SIZE, pieces: [bytes], length });
      await this.#sync();
    } catch (error) {
      throw storeError(this.name, "write the header of", error);
    }
    this.#endWaiting();
  }

  #endWaiting(): void {
    this.#allocator.seed(this.#allocator.end, this.#waiting);
    this.#waiting = [];
  }

  sync(): MaybePromise<void> {
    return rescue(
      () => this.#sync(),
      (error) => {
        throw storeError(this.name, "sync", error);
      },
    );
  }

  /** Makes what was written durable. */
  #sync(): MaybePromise<void> {
    const isSmall = this.#bytesSinceSync < INLINE_SYNC_BYTES;
    this.#bytesSinceSync = 0;
    if (!isSmall) return this.#file.syncPooled();
    const startMs = performance.now();
    if (!this.#pace.isQuick) {
      return this.#file.syncPooled().then(() => this.#pace.madePooled(performance.now() - startMs));
    }
    this.#file.sync();
    this.#pace.madeInline(performance.now() - startMs);
  }

  seed(end: number, free: readonly PageRun[]): void {
    const last = free.at(-1);
    const isFreeAtEnd = last !== undefined && last.start + last.count === end;
    // Pages that are free and past the end of the file are none: a commit root may say any end.
    const inUse = isFreeAtEnd ? Math.max(last.start, pagesWithin(this.size)) : end;
    this.#allocator.seed(Math.min(end, inUse), []);
    this.#waiting = free.filter(({ start }) => start < inUse).map((run) => cutAt(run, inUse));
    this.#isSeeded = true;
  }

  allocate(count: number, reserve: number, out: number[]): void {
    if (reserve > 0 && this.space().freePages < count + reserve) throw storeFull(this.name);
    if (this.#growth() < count + SPACE_CHECK_PAGES) this.#endWaiting();
    for (const number of this.#allocator.allocate(count)) out.push(addressOf(number));
    this.#handedOut += count;
  }

  release(addresses: readonly number[]): void {
    for (const address of addresses) this.#allocator.release(pageNumber(address));
  }

  space(): StoreSpace {
    const growth = this.#growth();
    const waiting = this.#waiting.reduce((sum, { count }) => sum + count, 0);
    const free = this.#allocator.freeCount + waiting;
    return { totalPages: this.#allocator.end + growth, freePages: free + growth };
  }

  /** Pages by which the disk lets the file grow, as far as is known. */
  #growth(): number {
    if (this.#handedOut >= SPACE_CHECK_PAGES) {
      const disk = statfsSync(dirname(this.name));
      this.#diskPages = Math.floor((disk.bavail * disk.bsize) / PAGE_STRIDE);
      this.#handedOut = 0;
    }
    return Math.max(0, this.#diskPages - this.#handedOut);
  }

  read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): MaybePromise<readonly (Uint8Array | PageError)[]> {
    const runs = runsOf(addresses);
    return runs.length < POOLED_RUNS
      ? this.#readRuns(runs, room)
      : this.#readScattered(addresses.map(pageNumber), room);
  }

  #readRuns(runs: readonly PageRun[], room: () => Uint8Array): readonly (Uint8Array | PageError)[] {
    const results: (Uint8Array | PageError)[] = [];
    for (const { start, count } of runs) {
      const pages: Uint8Array[] = [];
      for (let i = 0; i < count; i++) pages.push(room());
      const read = this.#read(pages, pageOffset(start));
      for (let i = 0; i < count; i++) {
        results.push(this.#pageOf(pages[i] as Uint8Array, read - i * PAGE_STRIDE, start + i));
      }
    }
    return results;
  }

  async #readScattered(
    numbers: readonly number[],
    room: () => Uint8Array,
  ): Promise<readonly (Uint8Array | PageError)[]> {
    const pages = numbers.map(room);
    const offsets = numbers.map(pageOffset);
    try {
      const lengths = await readEachPooled(this.#file, pages, offsets);
      return pages.map((page, i) => this.#pageOf(page, lengths[i] as number, numbers[i] as number));
    } catch (error) {
      throw storeError(this.name, "read", error);
    }
  }

  /** @param length - bytes from the begin of the page to the end of what was read */
  #pageOf(room: Uint8Array, length: number, number: number): Uint8Array | PageError {
    if (length >= room.length) return room;
    if (length > 0) return room.subarray(0, length);
    return new PageError("PAGE_MISSING", addressOf(number), `it is past the end of ${this.name}`);
  }

  isNear(): boolean {
    return true;
  }

  /** Fills pieces with what stands side by side. @returns bytes read; fewer at the end of the file */
  #read(pieces: readonly Uint8Array[], offset: number): number {
    try {
      return readAll(this.#file, pieces, offset);
    } catch (error) {
      throw storeError(this.name, "read", error);
    }
  }

  write(pages: readonly StoredPage[]): MaybePromise<void> {
    const writes = gatherWrites(pages);
    const total = writes.reduce((sum, write) => sum + write.length, 0);
    this.#bytesSinceSync += total;
    if (total > INLINE_WRITE_BYTES) return this.#writePooled(writes);
    try {
      for (const write of writes) writeAll(this.#file, write);
    } catch (error) {
      throw storeError(this.name, "write", error);
    }
  }

  async #writePooled(writes: readonly IoVector[]): Promise<void> {
    try {
      for (const write of writes) await writeAllPooled(this.#file, write);
    } catch (error) {
      throw storeError(this.name, "write", error);
    }
  }

  /** Headers of all pages in the file, in the order of their places. @throws StoreError */
  async *scan(): AsyncGenerator<PageHeader> {
    const head = new Uint8Array(PAGE_HEADER_SIZE);
    for (let number = 0; number < pagesWithin(this.size); number++) {
      if (this.#read([head], pageOffset(number)) < PAGE_HEADER_SIZE) continue;
      const header = this.#headerOf(head, number);
      if (header?.address === addressOf(number)) yield header;
    }
  }

  /** The checksum of a page in clear covers its body too, so that is read as well. */
  #headerOf(head: Uint8Array, number: number): PageHeader | undefined {
    const isClear = head[CLASS_AT] === classCode("key-directory");
    const stored = isClear ? new Uint8Array(PAGE_STRIDE) : head;
    if (isClear) this.#read([stored], pageOffset(number));
    const header = decodePageHeader(stored);
    return typeof header === "string" ? undefined : header;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#file.size;
  }

  /** Hands out the lowest free pages from now on. */
  packTight(): void {
    this.#allocator.packTight();
  }

  /** Gives up free pages at the end, which `close` gives back to the disk. @returns the new end, a page number */
  trim(): number {
    return this.#allocator.trim();
  }

  /**
   * Closes the file, which drops the lock. Free pages at its end go back to the disk, unless the vault was never
   * unlocked: then nothing is known to be free.
   */
  close(): void {
    try {
      if (this.#isSeeded && pagesWithin(this.size) > this.trim()) {
        this.#file.truncate(pageOffset(this.#allocator.end));
      }
    } finally {
      this.#file.close();
    }
  }

  /** Closes and removes a file whose vault could not be completed. */
  discard(): void {
    this.#file.close();
    unlinkSync(this.name);
  }
}

/** What of a run is below `end`. */
function cutAt({ start, count }: PageRun, end: number): PageRun {
  return { start, count: Math.min(count, end - start) };
}
