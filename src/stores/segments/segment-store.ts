/**
 * A store of immutable objects that behaves like a disk: pages are written to a local database, published in commits of
 * one record each, and fetched by ranges when they are wanted.
 *
 * 1. `publish` makes a commit durable locally (safe from kill -9 and power loss); `flush` makes it remote.
 * 2. Addresses are handed out once. Objects never change, so what is allocated after a publication began stands in a new
 *    segment.
 * 3. A page that dies before it was published is never uploaded; one that was published stays where it is until the
 *    cleaner finds its object nearly empty.
 * 4. One process has the local database, one writer has the lease. A writer that lost it goes on locally until the
 *    budget is used up, and says so in `status`.
 * 5. Only `publish` is durable; what else the database is told may be lost by a crash, and is learned again.
 *
 * @module
 */
import { CommitError, type PageError, StoreError } from "../../core/base/errors.ts";
import type { MaybePromise } from "../../core/base/maybe-promise.ts";
import { addressOf } from "../../core/format/address.ts";
import { STORED_PAGE_MAX } from "../../core/format/page-size.ts";
import type { PageRun, PageStore, StoredPage, StoreSpace } from "../../core/pages/page-store.ts";
import { Cleaner, type CleaningOptions, type CleaningReport } from "./clean/cleaner.ts";
import { closeLocal, type LocalParts, removeLocal } from "./local/local-parts.ts";
import { freshRoom, type PageRoom, roomOf } from "./page-room.ts";
import { PageSequence } from "./page-sequence.ts";
import { catchUp } from "./publish/catch-up.ts";
import type { Lease } from "./publish/lease.ts";
import { PublicationLoop, type PublicationProgress } from "./publish/publication-loop.ts";
import { Publisher } from "./publish/publisher.ts";
import { readLog } from "./publish/read-log.ts";
import { type FetchedPage, Fetcher, type FetcherParts } from "./read/fetcher.ts";
import { type Advice, ReadAhead } from "./read/read-ahead.ts";
import type { SegmentSettings } from "./segment-options.ts";
import type { SegmentStatus } from "./segment-status.ts";
import { SerialQueue } from "./serial-queue.ts";

/** Share of the budget of unpublished bytes at which writers wait while uploads go on. */
const THROTTLE_SHARE = 0.75;

/** Longest time that closing spends on giving the lease back, ms. */
const RELEASE_MS = 5000;

/** Pages that a commit that cannot be read may have taken: 1 TiB, of which there are 16 million. */
const PASSED_OVER_PAGES = 2 ** 24;

/** What opening has prepared. */
export interface SegmentParts {
  readonly settings: SegmentSettings;
  readonly local: LocalParts;
  readonly lease: Lease;
  /** What was not as it should be. */
  readonly warnings: string[];
}

export class SegmentStore implements PageStore {
  readonly name: string;
  readonly readOnly: boolean;
  readonly reusesAddresses = false;
  /** What was not as it should be when the store was opened, for people to read. */
  readonly warnings: readonly string[];
  readonly #settings: SegmentSettings;
  readonly #local: LocalParts;
  readonly #lease: Lease;
  readonly #queue = new SerialQueue();
  readonly #publisher: Publisher;
  readonly #loop: PublicationLoop;
  readonly #fetcher: Fetcher;
  readonly #readAhead: ReadAhead;
  readonly #sequence = new PageSequence();
  readonly #closing = new AbortController();
  #passesOver: boolean;
  /** Addresses given back, not looked at yet. */
  #released: number[] = [];
  /** Addresses the newest local header does not need, but the one before does. */
  #superseded: readonly number[] = [];
  /** Called when publication stops until somebody asks for it: the lease was lost, or access was denied. */
  onTrouble: (error: unknown) => void = () => {};

  /** Use `openSegmentStore`. */
  constructor({ settings, local, lease, warnings }: SegmentParts) {
    this.#settings = settings;
    this.warnings = warnings;
    this.#passesOver = warnings.length > 0;
    this.#local = local;
    this.#lease = lease;
    this.name = settings.objects.name;
    this.readOnly = settings.readOnly;
    this.#publisher = new Publisher(settings, local, lease);
    this.#publisher.onBegin = () => this.#sequence.beginSegment();
    this.#loop = new PublicationLoop(settings, local, this.#publisher, this.#queue);
    this.#loop.onTrouble = (error) => this.onTrouble(error);
    const cache: FetcherParts["cache"] = {
      has: (address) => local.pages.has(address),
      keep: (pages) => this.#keep(pages),
    };
    const { objects, readsCache } = settings;
    const fetched = { objects, catalog: local.catalog };
    this.#fetcher = new Fetcher({ ...fetched, cache: readsCache ? cache : undefined });
    this.#publisher.fetch = (addresses) => this.#fetcher.fetch(addresses);
    this.#readAhead = new ReadAhead(Math.floor(settings.readAheadBytes / STORED_PAGE_MAX));
    lease.onDue = () => this.#renew();
    if (!this.readOnly) this.#loop.note();
  }

  #renew(): void {
    // A lease that was lost shows in the status; one that could not be renewed is tried again with the next commit.
    this.#queue
      .run(() => this.#lease.renew())
      .catch((error: unknown) => {
        if (this.#lease.isHeld) this.#lease.signOfLife();
        else if (!this.#closing.signal.aborted) this.onTrouble(error);
      });
  }

  get end(): number {
    return this.#sequence.end;
  }

  /** The two newest headers known: with local commits, published or not. */
  readHeaders(): readonly (Uint8Array | undefined)[] {
    return this.#local.state.headers();
  }

  async publish(
    header: Uint8Array,
    slot: 0 | 1,
    superseded: readonly number[] = [],
    opening: readonly number[] = [],
  ): Promise<void> {
    const { state, pages, deaths } = this.#local;
    this.#checkWritable();
    this.#publisher.remember(opening);
    await pages.syncBytes();
    this.#transact(() => {
      const sequence = state.now.sequence + 1;
      state.setHeader(slot, header, sequence);
      state.change({ sequence });
      for (const address of superseded) deaths.add(address, sequence);
      this.#settle(this.#superseded);
    });
    this.#superseded = superseded;
    pages.commitFresh();
    await pages.sync();
    this.#loop.note();
  }

  /** Leaves out, when the store is seeded, what commits may have taken that are given up: somebody may have it cached. */
  passOver(): void {
    this.#passesOver = true;
  }

  /** A commit takes along what was written of the next one by then: such pages may stand behind its end. */
  seed(end: number, _free: readonly PageRun[]): void {
    const { pages, catalog } = this.#local;
    const taken = Math.max(end, pages.end, catalog.end);
    this.#sequence.seed(this.#passesOver ? taken + PASSED_OVER_PAGES : taken);
  }

  allocate(count: number, reserve: number, out: number[]): void {
    if (reserve > 0 && this.space().freePages < count + reserve) throw this.#full();
    this.#sequence.allocate(count, out);
  }

  release(addresses: readonly number[]): void {
    for (const address of addresses) this.#released.push(address);
  }

  /** One transaction that also settles what was given back until now. */
  #transact(body: () => void): void {
    this.#local.database.transaction(() => {
      this.#settle(this.#released);
      body();
    });
    this.#released = [];
  }

  /** Looks at pages no local header needs: forgets them, or remembers their death for the next publication. */
  #settle(addresses: readonly number[]): void {
    const { state, pages, catalog, deaths } = this.#local;
    const { sequence } = state.now;
    const publishing = this.#publisher.publishing ?? -1;
    for (const address of addresses) {
      const born = pages.freshSequence(address);
      const isNeeded =
        born === undefined ? catalog.find(address) !== undefined : born <= publishing;
      if (isNeeded) deaths.add(address, sequence);
      else {
        deaths.remove(address);
        if (born !== undefined) pages.dropFresh(address, born > sequence);
      }
    }
  }

  read(
    addresses: readonly number[],
    room?: () => Uint8Array,
  ): MaybePromise<readonly (Uint8Array | PageError)[]> {
    const pageRoom = room === undefined ? freshRoom : roomOf(room);
    const pages = addresses.map((address) => this.#kept(address, pageRoom));
    const missing = addresses.filter((_, i) => pages[i] === undefined);
    const fetched = missing.length === 0 ? undefined : this.#fetcher.fetch(missing, pageRoom);
    const isAhead = addresses.length > 0 && this.#settings.readsCache;
    if (isAhead) this.#follow(this.#readAhead.note(addresses));
    if (fetched === undefined) return pages as Uint8Array[];
    return fetched.then((found) => {
      const next = found.values();
      return pages.map((page) => page ?? (next.next().value as FetchedPage));
    });
  }

  forgetCopies(addresses: readonly number[]): readonly number[] {
    const { pages, database } = this.#local;
    return database.transaction(() => addresses.filter((address) => pages.dropCached(address)));
  }

  isNear(address: number): boolean {
    return this.#local.pages.has(address);
  }

  /** A page on this machine, if there is one that counts. */
  #kept(address: number, room: PageRoom): Uint8Array | undefined {
    const { pages } = this.#local;
    const counts = this.#settings.readsCache || pages.freshSequence(address) !== undefined;
    return counts ? pages.get(address, room) : undefined;
  }

  /** Keeps pages that came in; a full disk does not keep anybody from reading. */
  #keep(pages: readonly StoredPage[]): void {
    try {
      this.#local.pages.putCached(pages);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #follow({ ahead, abandoned }: Advice): void {
    for (const { start, end } of abandoned) this.#fetcher.cancel(addressesOf(start, end));
    if (ahead.start === ahead.end) return;
    const wanted = addressesOf(ahead.start, ahead.end);
    this.#fetcher.prefetch(wanted.filter((address) => !this.#local.pages.has(address)));
  }

  async write(pages: readonly StoredPage[]): Promise<void> {
    this.#checkWritable();
    const { state, pages: table } = this.#local;
    const slots = await table.write(pages);
    this.#transact(() => table.putFresh(pages, slots, state.now.sequence + 1));
    while (this.#mustWait) await this.#loop.nextProgress();
  }

  /** Whether unpublished pages have become many, and are becoming fewer. */
  get #mustWait(): boolean {
    const { committed, open } = this.#local.pages.freshBytes;
    const isMany = committed + open > this.#settings.budgetBytes * THROTTLE_SHARE;
    return isMany && committed > 0 && this.#loop.isRunning;
  }

  /** Room: what the local budget leaves, since that is all that is certain. */
  space(): StoreSpace {
    const { committed, open } = this.#local.pages.freshBytes;
    const left = Math.max(0, this.#settings.budgetBytes - committed - open);
    const freePages = Math.floor(left / STORED_PAGE_MAX);
    return { totalPages: this.#sequence.end + freePages, freePages };
  }

  #full(): StoreError {
    const { problem } = this.#loop;
    const reason = problem === undefined ? "publishing is slower than writing" : problem;
    const { pendingBytes } = this.#loop.progress();
    const message = `${pendingBytes} bytes wait to be published to ${this.name}, more than the local budget has room for: ${reason}`;
    return new StoreError("STORE_FULL", message);
  }

  #checkWritable(): void {
    if (this.readOnly) throw new StoreError("STORE_DENIED", `${this.name} is open read-only`);
  }

  /**
   * Publishes all that was committed; waits as long as the network is gone.
   * @throws StoreError STORE_BUSY when another writer has the lease, STORE_DENIED; CommitError COMMIT_CONFLICT
   */
  flush(onProgress?: (progress: PublicationProgress) => void, signal?: AbortSignal): Promise<void> {
    return this.#loop.flush(onProgress, signal);
  }

  /**
   * For a reader: looks for a newer commit of the writer elsewhere.
   * @returns whether the headers changed: the vault is to be opened anew from them
   */
  refresh(signal?: AbortSignal): Promise<boolean> {
    return this.#queue.run(async () => {
      const { objects, onDamage } = this.#settings;
      const view = await readLog(objects, signal);
      const isOwn = this.#lease.isOwn.bind(this.#lease);
      const parts = { objects, local: this.#local, isOwn, signal };
      return catchUp({ ...parts, isLive: false, onDamage, warnings: [] }, view);
    });
  }

  /**
   * Cleans: rewrites objects with few live pages, and deletes what nothing needs. Can be stopped at any point. A dry run
   * changes nothing, publishes nothing, and may be made of a store that was opened for reading.
   * @throws what `flush` throws
   */
  async gc(options: CleaningOptions = {}): Promise<CleaningReport> {
    const closing = this.#closing.signal;
    const signal =
      options.signal === undefined ? closing : AbortSignal.any([options.signal, closing]);
    if (options.dryRun !== true) {
      this.#checkWritable();
      await this.flush(undefined, signal);
    }
    const cleaner = new Cleaner(this.#settings, this.#local, this.#publisher);
    return this.#queue.run(() => cleaner.run({ ...options, signal }));
  }

  status(): SegmentStatus {
    const { objects, cacheBytes, budgetBytes } = this.#settings;
    const sums = this.#local.catalog.sums();
    return {
      ...this.#loop.progress(),
      publication: this.#local.state.now.publication,
      lease: this.#lease.state,
      cachedBytes: this.#local.pages.cachedBytes,
      cacheBudgetBytes: cacheBytes,
      pendingBudgetBytes: budgetBytes,
      objects: sums.objects,
      objectBytes: sums.bytes,
      liveBytes: sums.liveBytes,
      traffic: objects.traffic(),
    };
  }

  /** Closes without publishing: what is not remote stays in the local database, for the next time. */
  close(): Promise<void> {
    return this.#close(!this.#local.state.hasUnpublished);
  }

  /** Closes, gives the lease back, and removes the local database: for a new vault that could not be completed. */
  async discard(): Promise<void> {
    await this.#close(true);
    removeLocal(this.#settings.database);
  }

  async #close(givesBack: boolean): Promise<void> {
    const { timing, objects } = this.#settings;
    this.#closing.abort(new CommitError("VAULT_CLOSED", `${this.name} is closed`));
    this.#loop.stop();
    this.#fetcher.close();
    const controller = new AbortController();
    const cancel = timing.after(RELEASE_MS, () => controller.abort());
    await this.#queue
      .run(async () => {
        if (givesBack) await this.#lease.release(controller.signal);
      })
      .catch(() => {});
    cancel();
    this.#lease.stop();
    try {
      if (!this.readOnly) this.#transact(() => {});
    } finally {
      await closeLocal(this.#local);
      await objects.close();
    }
  }
}

/** Addresses of the pages of a range of page numbers. */
function addressesOf(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => addressOf(start + i));
}
