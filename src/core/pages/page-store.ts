/**
 * The interface every store of pages implements: pages in, pages out, header published atomically.
 *
 * A store never sees plaintext or keys. It hands addresses out, keeps what is written under them, and
 * publishes the header; what the pages mean is the vault's business.
 *
 * @module
 */
import type { PageError } from "../base/errors.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";

/** One page in its stored form: page header, nonce, ciphertext and tag. */
export interface StoredPage {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A run of consecutive page numbers; counted without gaps (`pageNumber` of format/address.ts). */
export interface PageRun {
  readonly start: number;
  readonly count: number;
}

/** Room in a store, in pages. */
export interface StoreSpace {
  /** Pages the store could hold in all, as far as it knows. */
  readonly totalPages: number;
  /** Pages that can still be written. */
  readonly freePages: number;
}

/** A file of this machine in which pages stand by their numbers. */
export interface PageFile {
  readonly fd: number;
  /** Of page number 0, bytes. */
  readonly offset: number;
  /** Bytes from one page to the next. */
  readonly stride: number;
}

/**
 * A place that keeps pages.
 *
 * Contract, shown by the conformance suite every store passes:
 * 1. `read` of an address that was written returns its newest bytes, in this process or, once
 *    `publish` has returned, in any later one.
 * 2. When `publish` returns, the header and every page written before the call survive power loss
 *    (for a remote store: are durable locally; see its own `flush`). When it throws, the header
 *    is either the old or the new one; pages that an older header needs are untouched.
 * 3. An address from `allocate` is not handed out again before `release`.
 * 4. Methods may be called while earlier calls are pending, except `publish`, which comes alone.
 */
export interface PageStore {
  /** What messages call this store: a path or URL without secrets. */
  readonly name: string;
  readonly readOnly: boolean;
  /** Whether released addresses are handed out again (a file), or never (immutable segments). */
  readonly reusesAddresses: boolean;

  /**
   * The header candidates as stored, newest unknown; a slot that cannot be read is undefined.
   * @throws StoreError STORE_MISSING, STORE_DOWN
   */
  readHeaders(): MaybePromise<readonly (Uint8Array | undefined)[]>;

  /**
   * Makes `header` the newest header, after everything written before is durable (invariant 3).
   * @param slot - which of the two slots; stores with an append-only log of headers ignore it
   * @param superseded - pages that neither this header nor a later one needs, but the one before does; empty for stores
   *   that reuse addresses, which get them by `release` when no header needs them
   * @param opening - pages that the next opening reads first, for stores that are slow to ask
   */
  publish(
    header: Uint8Array,
    slot: 0 | 1,
    superseded?: readonly number[],
    opening?: readonly number[],
  ): MaybePromise<void>;

  /**
   * Makes everything written so far durable, without a header. Only stores have it where that costs less than to publish.
   * @throws StoreError
   */
  sync?(): MaybePromise<void>;

  /**
   * Tells the allocator, once after open for writing, which pages are free below `end` and that all from
   * `end` on are unused.
   */
  seed(end: number, free: readonly PageRun[]): void;

  /**
   * Hands out `count` fresh addresses, consecutive where possible, appended to `out`.
   * @param reserve - pages that must stay writable after this call (room to delete in a full store); with 0, for what
   *   a commit itself needs, addresses are always handed out and a full store shows at `write`
   * @throws StoreError STORE_FULL, with nothing handed out; only when `reserve` is above 0
   */
  allocate(count: number, reserve: number, out: number[]): void;

  /** Takes addresses back: never written, or dead for every header that can still be opened. */
  release(addresses: readonly number[]): void;

  /**
   * Reads pages; one that is missing or short gives a {@link PageError} in its place, the rest stand.
   * @param room - gives STORED_PAGE_ROOM bytes to read a page into, for stores that have no array of their own
   * @returns in the order of `addresses`; the arrays are the caller's, one for each, also where an address stands twice
   */
  read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): MaybePromise<readonly (Uint8Array | PageError)[]>;

  /**
   * Gives up copies on this machine of pages that are kept elsewhere, since they did not open. Only stores that make
   * copies have it.
   * @returns those of `addresses` that were copies: reading them again may give something else
   */
  forgetCopies?(addresses: readonly number[]): readonly number[];

  /** Where pages stand by their numbers, for stores that keep them in one file of this machine. */
  readonly file?: PageFile | undefined;

  /** Whether a page is where reading it takes no call over a network. */
  isNear(address: number): boolean;

  /**
   * Writes pages under addresses that `allocate` gave. Bytes are borrowed until the promise ends.
   * @throws StoreError STORE_FULL, STORE_FAILED; pages of the call may be written in part
   */
  write(pages: readonly StoredPage[]): MaybePromise<void>;

  /** One past the highest page number ever handed out. */
  readonly end: number;

  space(): StoreSpace;

  close(): MaybePromise<void>;
}
