/**
 * Pages on their way from the store into the page cache: each is read and opened once, however many wait for it.
 *
 * @module
 */
import { PageError } from "../base/errors.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { PageCodec } from "../format/page-codec.ts";
import type { PageClass } from "../format/page-header.ts";
import type { OpenedPage, ReadPage } from "../format/stored-page.ts";
import type { PageStore } from "./page-store.ts";

/** Between which pages go. */
export interface PageLoaderParts {
  readonly store: Pick<PageStore, "read" | "forgetCopies">;
  readonly codec: Pick<PageCodec, "openAll">;
  /** Where a stored page may stand. */
  readonly room: () => Uint8Array;
  /** Whether a page need not be loaded. */
  readonly isResident: (pageClass: PageClass, pointer: PagePointer) => boolean;
  readonly keep: KeepPage;
}

/** Takes a page over. */
export type KeepPage = (pageClass: PageClass, pointer: PagePointer, opened: OpenedPage) => void;

export class PageLoader {
  readonly #parts: PageLoaderParts;
  /** By address. */
  readonly #loading = new Map<number, Promise<void>>();

  constructor(parts: PageLoaderParts) {
    this.#parts = parts;
  }

  /**
   * A page is opened in the bytes it was read into, so it must not be among those opened together twice.
   * @see PageCache.load
   */
  load(pageClass: PageClass, pointers: readonly PagePointer[]): MaybePromise<void> {
    const wanted = new Map<number, PagePointer>();
    const pending: Promise<void>[] = [];
    for (const pointer of pointers) {
      if (this.#parts.isResident(pageClass, pointer)) continue;
      const loading = this.#loading.get(pointer.address);
      if (loading === undefined) wanted.set(pointer.address, pointer);
      else pending.push(loading.catch(() => this.load(pageClass, [pointer])));
    }
    const fetched = wanted.size === 0 ? undefined : this.#fetch(pageClass, [...wanted.values()]);
    if (pending.length === 0) return fetched;
    return Promise.all([fetched, ...pending]).then(() => undefined);
  }

  #fetch(pageClass: PageClass, wanted: readonly PagePointer[]): MaybePromise<void> {
    const failures = this.bring(pageClass, wanted, this.#parts.keep);
    if (!isPending(failures) && failures.length === 0) return;
    const opened = chain(failures, (failed) =>
      failed.length === 0 ? undefined : this.#bringAgain(pageClass, wanted, failed),
    );
    if (!isPending(opened)) return opened;
    const done = opened.finally(() => {
      for (const pointer of wanted) this.#loading.delete(pointer.address);
    });
    for (const pointer of wanted) this.#loading.set(pointer.address, done);
    return done;
  }

  /**
   * Brings in what only copies of were damaged.
   * @throws PageError the first that is left
   */
  #bringAgain(
    pageClass: PageClass,
    wanted: readonly PagePointer[],
    failures: readonly PageError[],
  ): MaybePromise<void> {
    const { store, keep } = this.#parts;
    const copies = new Set(store.forgetCopies?.(failures.map(({ address }) => address)));
    const isCopy = ({ address }: { readonly address: number }): boolean => copies.has(address);
    const [failure] = failures.filter((failed) => !isCopy(failed));
    return chain(this.bring(pageClass, wanted.filter(isCopy), keep), ([again]) => {
      const left = failure ?? again;
      if (left !== undefined) throw left;
    });
  }

  /** Reads and opens pages, and hands on those that open. @returns why the others do not */
  bring(
    pageClass: PageClass,
    wanted: readonly PagePointer[],
    keep: KeepPage,
  ): MaybePromise<readonly PageError[]> {
    const { store, room } = this.#parts;
    const addresses: number[] = [];
    for (const { address } of wanted) addresses.push(address);
    const stored = store.read(addresses, room);
    return chain(stored, (pages) => this.#openAll(pageClass, wanted, pages, keep));
  }

  #openAll(
    pageClass: PageClass,
    wanted: readonly PagePointer[],
    stored: readonly (Uint8Array | PageError)[],
    keep: KeepPage,
  ): MaybePromise<readonly PageError[]> {
    const { codec } = this.#parts;
    const failures: PageError[] = [];
    const read: ReadPage[] = [];
    for (let i = 0; i < wanted.length; i++) {
      const { address, generation } = wanted[i] as PagePointer;
      const bytes = stored[i] as Uint8Array | PageError;
      if (bytes instanceof PageError) failures.push(bytes);
      else read.push({ address, generation, stored: bytes });
    }
    return chain(codec.openAll(pageClass, read), (opened) => {
      const refused = handOn(pageClass, read, opened, keep);
      return failures.length === 0 ? refused : [...failures, ...refused];
    });
  }
}

/** @returns why pages do not open */
function handOn(
  pageClass: PageClass,
  read: readonly ReadPage[],
  opened: readonly (OpenedPage | PageError)[],
  keep: KeepPage,
): readonly PageError[] {
  const refused: PageError[] = [];
  for (let i = 0; i < read.length; i++) {
    const page = opened[i] as OpenedPage | PageError;
    if (page instanceof PageError) refused.push(page);
    else keep(pageClass, read[i] as ReadPage, page);
  }
  return refused;
}
