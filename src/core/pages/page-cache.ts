/**
 * The only door to pages: every page read or written, whatever its class, goes through here (design invariant 1), but for
 * what {@link PageCache.inFile} says.
 *
 * A page is in one of three places:
 *
 *     born --------> dirty --------> clean -----> (evicted)
 *       add            written         LRU by bytes
 *
 * 1. A page belongs to the generation that was open when it was born. Only tree pages of the open generation may
 *    be edited in place ({@link PageCache.edit}); every other page is immutable, so a commit can be written while
 *    calls go on.
 * 2. A changed page gets a fresh address; the old one is superseded (invariant 2). Its address returns to the store
 *    at once when it was born in the open generation, since no header knows it; else only after the second
 *    header published from then on is durable, so that both header slots always open whole.
 * 3. Dirty pages are held strongly, clean ones up to what these leave of the byte budget, and to half of it in any case.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import type { BufferPool } from "../base/buffer-pool.ts";
import { PageError } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { PageCodec } from "../format/page-codec.ts";
import type { PageClass } from "../format/page-header.ts";
import { AsidePages } from "./aside-pages.ts";
import type { CachedPage } from "./cached-page.ts";
import { DeadPages } from "./dead-pages.ts";
import { DirtyPages } from "./dirty-pages.ts";
import type { PageCacheOptions } from "./page-cache-options.ts";
import { PageFault } from "./page-fault.ts";
import { type KeepPage, PageLoader } from "./page-loader.ts";
import type { PageStore } from "./page-store.ts";
import { PageWriter } from "./page-writer.ts";
import { type PagesInFile, pagesInFile } from "./pages-in-file.ts";
import { PinnedPages } from "./pinned-pages.ts";

/** Bookkeeping charged per page on top of the buffer its payload stands in, bytes. */
const PAGE_BOOKKEEPING = 256;

/** Least bytes of clean pages that are worth a cache. */
const SMALLEST_BUDGET = 2 ** 22;

/** What {@link PageCache.add} makes a page of. */
export type PageContent = Readonly<Pick<CachedPage, "pageClass" | "owner" | "payload">>;

/** Makes another payload of one, in the room that is given or elsewhere. */
type Revision = (payload: Uint8Array, room: Uint8Array) => Uint8Array;

export class PageCache {
  readonly #store: PageStore;
  /** Seals and opens the pages. */
  readonly codec: PageCodec;
  readonly #budgetBytes: number;
  readonly #clean: LRUCache<number, CachedPage>;
  readonly #dirty: DirtyPages;
  readonly #writer: PageWriter;
  readonly #pinned: PinnedPages<CachedPage>;
  /** How whole data pages are read past the cache, by whoever learns where they stand. */
  readonly inFile: () => PagesInFile | undefined;
  /** Pages written past the cache. */
  readonly aside: AsidePages;
  readonly #loader: PageLoader;
  readonly #dead: DeadPages;
  readonly #onAddress: (address: number, used: boolean) => void;
  /** Room for stored pages and payloads. */
  readonly buffers: BufferPool;
  readonly #room = (): Uint8Array => this.buffers.take();
  #openGeneration: number;

  constructor(options: PageCacheOptions) {
    this.#store = options.store;
    this.codec = options.codec;
    this.buffers = options.buffers;
    this.#pinned = new PinnedPages(options.buffers);
    this.#dirty = new DirtyPages(options.buffers);
    this.#writer = new PageWriter(options);
    this.#openGeneration = options.openGeneration;
    this.#onAddress = options.onAddress ?? (() => {});
    this.#budgetBytes = Math.max(options.budgetBytes, SMALLEST_BUDGET);
    this.#clean = new LRUCache<number, CachedPage>({
      maxSize: this.#budgetBytes,
      sizeCalculation: (page) => this.buffers.weightOf(page.payload) + PAGE_BOOKKEEPING,
      dispose: (page) => this.buffers.giveBack(page.payload),
    });
    this.#loader = new PageLoader({
      store: options.store,
      codec: options.codec,
      room: this.#room,
      isResident: (pageClass, pointer) => this.peek(pageClass, pointer) !== undefined,
      keep: this.#keep,
    });
    this.inFile = pagesInFile(options);
    this.#dead = new DeadPages((addresses) => this.#giveBack(addresses));
    const bury = (address: number): void => this.#dead.bury(address, Number.POSITIVE_INFINITY);
    this.aside = new AsidePages({ ...options, onAddress: this.#onAddress, bury });
  }

  /** Generation the next commit will have. */
  get openGeneration(): number {
    return this.#openGeneration;
  }

  /** Payload bytes that are not yet in the store. */
  get dirtyBytes(): number {
    return this.#dirty.bytes;
  }

  /** Messages that the pages which are not yet in the store will be sealed in. */
  get dirtySeals(): number {
    return this.codec.sealsOf(this.#dirty.all());
  }

  /** Messages sealed since the cache was made (a key may seal only so many). */
  get seals(): number {
    return this.#writer.seals + this.aside.seals;
  }

  /** Bytes of clean pages held. */
  get cleanBytes(): number {
    return this.#clean.calculatedSize;
  }

  /** The page, if it is resident. One of another class is none: whoever has the key can point anything anywhere. */
  peek(pageClass: PageClass, pointer: PagePointer): CachedPage | undefined {
    const { address, generation } = pointer;
    const cached = this.#dirty.get(address) ?? this.#clean.get(address);
    const page = cached?.generation === generation ? cached : this.#pinned.get(pointer);
    return page?.pageClass === pageClass ? page : undefined;
  }

  /** Keeps a page that is going to be loaded, beyond the budget, until {@link PageCache.unpin}. */
  pin(pointer: PagePointer): void {
    this.#pinned.pin(pointer);
  }

  /** Lets all pinned pages go. */
  unpin(): void {
    this.#pinned.unpin();
  }

  /**
   * The page, resident already.
   * @throws PageFault when it must be fetched first: let it pass to whoever runs the operation
   */
  page(pageClass: PageClass, pointer: PagePointer): CachedPage {
    const page = this.peek(pageClass, pointer);
    if (page === undefined) throw new PageFault(pageClass, pointer);
    return page;
  }

  /** Whether a page can be brought in without waiting for a network. */
  isNear({ address }: PagePointer): boolean {
    return this.#store.isNear(address);
  }

  /**
   * Brings pages in; those already resident or on their way are not asked for twice.
   * @throws PageError of the first page that is missing, does not open, or has lost its place; the others are in
   */
  load(pageClass: PageClass, pointers: readonly PagePointer[]): MaybePromise<void> {
    const displaced = pointers.find((pointer) => this.#isDisplaced(pointer));
    if (displaced === undefined) return this.#loader.load(pageClass, pointers);
    const others = pointers.filter((pointer) => !this.#isDisplaced(pointer));
    return chain(this.#loader.load(pageClass, others), () => {
      throw new PageError("PAGE_CORRUPT", displaced.address, "its place was free, and is taken");
    });
  }

  /**
   * Whether a new page has the place of one that is asked for: they could never both be here, so whoever asks would ask
   * for ever. Only a space map that is wrong gives such places away.
   */
  #isDisplaced({ address, generation }: PagePointer): boolean {
    const dirty = this.#dirty.get(address);
    return dirty !== undefined && dirty.generation !== generation;
  }

  /**
   * Brings pages in for who needs them once, past the cache.
   * @returns payloads, each held by the caller alone; undefined for a page that is resident, cannot be had, or stands in
   *   `pointers` before
   * @throws StoreError
   */
  take(
    pageClass: PageClass,
    pointers: readonly PagePointer[],
  ): MaybePromise<readonly (Uint8Array | undefined)[]> {
    const wanted = new Map<number, PagePointer>();
    for (const pointer of pointers) {
      if (this.peek(pageClass, pointer) === undefined) wanted.set(pointer.address, pointer);
    }
    const taken = new Map<number, Uint8Array>();
    const take: KeepPage = (_, { address }, { payload }) => {
      taken.set(address, payload);
    };
    return chain(this.#loader.bring(pageClass, [...wanted.values()], take), () =>
      pointers.map(({ address }) => {
        const payload = taken.get(address);
        taken.delete(address);
        return payload;
      }),
    );
  }

  readonly #keep: KeepPage = (pageClass, { address, generation }, { payload, owner }) => {
    if (this.#dirty.get(address) !== undefined) return;
    const page: CachedPage = { pageClass, address, generation, owner, payload };
    this.#putClean(page);
    this.#pinned.keep(page);
  };

  /** Never while a transaction is applied, which counts on what it has found. */
  #putClean(page: CachedPage): void {
    this.#clean.set(page.address, page);
    const most = Math.max(this.#budgetBytes - this.#dirty.bytes, this.#budgetBytes / 2);
    while (this.#clean.calculatedSize > most) this.#clean.pop();
  }

  /**
   * Makes pages, dirty, under fresh addresses that are consecutive where possible. Payloads are held, and never changed again.
   * @param reserve - pages that must stay writable afterwards
   * @throws StoreError STORE_FULL, with nothing made
   */
  add(contents: readonly PageContent[], reserve = 0): readonly CachedPage[] {
    const addresses: number[] = [];
    this.#store.allocate(contents.length, reserve, addresses);
    const generation = this.#openGeneration;
    return contents.map(({ pageClass, owner, payload }, i) => {
      const address = addresses[i] as number;
      const page: CachedPage = { pageClass, address, generation, owner, payload };
      this.#onAddress(address, true);
      this.#dirty.add(page);
      return page;
    });
  }

  /** Whether a page may be edited in place: a tree page that was born in the open generation. */
  isEditable(page: CachedPage): boolean {
    return page.generation === this.#openGeneration;
  }

  /**
   * A page that may be edited in place until the next freeze: the page itself when it was born in the open
   * generation, else a copy under a fresh address, which supersedes it.
   * @param copy - makes the editable payload of the copy
   */
  edit(page: CachedPage, copy: Revision): CachedPage {
    if (this.isEditable(page)) return page;
    const { pageClass, owner } = page;
    const room = this.#room();
    const [fresh] = this.add([{ pageClass, owner, payload: copy(page.payload, room) }]);
    this.buffers.giveBack(room);
    this.supersede(page);
    return fresh as CachedPage;
  }

  /** Gives a page of the open generation its final payload, which was not known when it was added. */
  settle(page: CachedPage, payload: Uint8Array): void {
    this.#dirty.settle(page, payload);
  }

  /**
   * Declares that the open generation no longer points to a page. One that was born in it leaves at once, but not its address:
   * a pointer, which is an address and a generation, names one content for ever.
   */
  supersede(pointer: PagePointer): void {
    const { address, generation } = pointer;
    if (generation === this.#openGeneration) {
      this.#forget(address);
      this.#dead.buryYoung(address);
    } else {
      this.#dead.bury(address, generation);
    }
  }

  /** As {@link supersede}, of a page that no snapshot has. */
  retire(pointer: PagePointer): void {
    if (pointer.generation === this.#openGeneration) this.supersede(pointer);
    else this.#dead.buryUnseen(pointer.address);
  }

  #forget(address: number): void {
    const page = this.#dirty.get(address);
    if (page === undefined) this.#clean.delete(address);
    else if (this.#dirty.delete(page)) this.buffers.giveBack(page.payload);
  }

  #giveBack(addresses: readonly number[]): void {
    for (const address of addresses) {
      this.#forget(address);
      this.#onAddress(address, false);
    }
    this.#store.release(addresses);
  }

  /**
   * Ends the open generation: no page born so far changes any more.
   * @param compact - gives the final payload of a tree page that was edited
   */
  freeze(compact: Revision): void {
    for (const page of this.#dirty.bornIn(this.#openGeneration)) {
      if (page.pageClass !== "tree") continue;
      const room = this.#room();
      this.settle(page, compact(page.payload, room));
      this.buffers.giveBack(room);
    }
    const free = this.#dead.freeze((address) => this.#writer.isUnderWay(address));
    this.#openGeneration += 1;
    this.#giveBack(free);
  }

  /**
   * Writes dirty pages: `frozen`, all that were born before the last freeze (a commit); `data`, file content of
   * any age (writing behind), which leaves memory: it comes in bulk, and who wrote it has it. Flushes run one after the
   * other, so a commit never publishes a page still on its way; one of data takes in what is added meanwhile, and ends early
   * when another waits.
   * @param onProgress - called each time some have arrived
   * @throws StoreError; pages not written stay dirty
   */
  flush(which: "frozen" | "data", onProgress: () => void = () => {}): Promise<void> {
    const batches =
      which === "frozen"
        ? this.#dirty.bornBefore(this.#openGeneration)
        : this.#dirty.data(this.#writer);
    return this.#writer.write(batches, (pages) => {
      for (const page of pages) this.#arrived(page, which);
      onProgress();
    });
  }

  #arrived(page: CachedPage, which: "frozen" | "data"): void {
    if (!this.#dirty.delete(page)) return;
    if (which === "frozen" || page.pageClass === "pack") this.#putClean(page);
    else this.buffers.giveBack(page.payload);
  }

  /** Addresses the header that is about to be published does not need, for a store that keeps the one before whole. */
  takeSuperseded(): readonly number[] {
    const addresses = this.#dead.takeFrozen();
    for (const address of addresses) this.#forget(address);
    return addresses;
  }

  /** Takes note that a header is durable, so that what no header needs any more can be given back. */
  published(): void {
    this.#dead.published();
  }

  /** Pages of trees born at or before this generation are kept, whatever happens (a snapshot may see them). */
  keepUpTo(generation: number): void {
    this.#dead.keepUpTo(generation);
  }

  /** Keeps the pages of the generation about to be frozen until {@link letGo}, for a sweep. */
  hold(): void {
    this.#dead.hold(this.#openGeneration);
  }

  /**
   * Ends a sweep.
   * @param isSeen - whether a snapshot has a page, by its address
   * @param unseen - pages that only snapshots which are no more have had
   */
  letGo(isSeen: (address: number) => boolean, unseen: Iterable<number>): void {
    this.#dead.letGo(isSeen);
    for (const address of unseen) this.#dead.buryUnseen(address);
  }

  /** Pages superseded so far that wait for a header. */
  get deadPages(): number {
    return this.#dead.count;
  }

  /** Addresses superseded so far that wait for a header: not part of what the next header describes. */
  deadAddresses(): Iterable<number> {
    return this.#dead.waiting();
  }

  /** Takes a clean page out of memory. */
  dismiss({ address, generation }: PagePointer): void {
    if (this.#clean.peek(address)?.generation === generation) this.#clean.delete(address);
  }

  /** Evicts every clean page. */
  dropClean(): void {
    this.#clean.clear();
  }
}
