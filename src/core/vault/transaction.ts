/**
 * What a transaction function may do: read the TOC and pages as they are now, and collect changes that are applied
 * together once it has returned.
 *
 * @module
 */

import type { BufferPool } from "../base/buffer-pool.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import type { PageOwner } from "../format/page-owner.ts";
import type { PagesInFile } from "../pages/pages-in-file.ts";

/**
 * Handed to the function of `Vault.transact`. The function may run several times: reads throw a PageFault while a page
 * is not resident (let it pass), and the function is run again when it is. So it must have no effect of its own
 * that cannot happen twice.
 */
export interface Transaction {
  /** Value under a key, changes of this transaction included; borrowed until the function returns. */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Visits records with `from <= key < to` in order until `visit` returns false; changes of this transaction are
   * not seen. Key and value are borrowed until `visit` returns.
   */
  scan(
    from: Uint8Array,
    to: Uint8Array,
    visit: (key: Uint8Array, value: Uint8Array) => boolean,
  ): void;
  /**
   * The page that reading a record would wait for first, when that is in a store far away.
   * @throws PageFault, for one that is nearby
   */
  farPage(key: Uint8Array): PagePointer | undefined;
  /** The last record with `from <= key <= to`, changes of this transaction not seen; fresh arrays. */
  last(from: Uint8Array, to: Uint8Array): TreeRecord | undefined;
  /** Sets a record. Key and value are taken over: do not change them afterwards. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** Removes a record if it is there. */
  delete(key: Uint8Array): void;
  /** Payload of a data or pack page; read only. @throws PageFault, PageError */
  page(pageClass: "data" | "pack", pointer: PagePointer): Uint8Array;
  /** What using a data page would wait for: nothing, a store nearby, or one that may be far away. */
  distance(pointer: PagePointer): "resident" | "near" | "far";
  /** Declares a data or pack page dead (nothing in the current state points to it any more). */
  release(pointer: PagePointer): void;
  /** As {@link release}, of a page that no snapshot has either, whatever its age. */
  retire(pointer: PagePointer): void;
  /** A fresh inode number; kept only if the transaction is applied. */
  nextIno(): number;
  /** Counts inodes made (+1) and gone (-1), for `statfs`. */
  countInodes(change: number): void;
  /**
   * Calls `body` when the changes have been made, if there are any, in the same turn; never for a run that is repeated. For
   * effects outside of the TOC that stand or fall with the run.
   */
  onApplied(body: () => void): void;
}

/** One record of the TOC. */
export interface TreeRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A data or pack page that is about to be added. */
export interface NewPage {
  readonly pageClass: "data" | "pack";
  readonly owner: PageOwner;
  /** At most PAGE_SIZE bytes; held, and never changed again. */
  readonly payload: Uint8Array;
}

/** What a flush stores: everything, or only what is ready and takes no other pages. */
export type FlushKind = "all" | "ready";

/** Keeps changes outside of the TOC. */
export interface LogSource {
  /** Whether there is something to {@link tell} a log that follows another. */
  isLeft(which: "held" | "left"): boolean;
  /**
   * Tells what a log is to hold, in pieces; these are borrowed until the turn ends.
   *
   * @param log - names the log; one with another name than before holds nothing yet
   * @param which - "changed": what it does not hold yet; "held": what the log before held, and still waits; "left": that, and
   *   all that a flush of what is ready leaves
   * @returns undefined when that is more than is worth an entry
   */
  tell(log: number, which: "changed" | "held" | "left"): readonly Uint8Array[] | undefined;
}

/** What the file system needs of a vault. */
export interface TransactionalVault {
  readonly readOnly: boolean;
  /** Runs `body` until it finds everything it needs resident, then applies its changes at once. */
  transact<T>(body: (transaction: Transaction) => T): T | Promise<T>;
  /** Where payloads of pages may be made: room for PAGE_SIZE bytes and more. */
  readonly buffers: BufferPool;
  /**
   * Adds pages under fresh addresses (consecutive where possible); they are written behind and stay
   * unreachable until a record points to them.
   * @throws StoreError STORE_FULL, with nothing added
   */
  addPages(pages: readonly NewPage[]): readonly PagePointer[];
  /** Resolves when added pages are few enough in memory to go on adding (back-pressure); undefined when they are. */
  throttle(): Promise<void> | undefined;
  /**
   * Ends when what will be flushed may grow again; undefined when it may. Writers can be faster than flushes, but a commit
   * is a moment: all that was written before it is in it, and nothing that was written later.
   */
  readonly settling: Promise<void> | undefined;
  /** Begins to bring pages into the cache that will be wanted soon. */
  prefetch(pageClass: "data" | "pack" | "tree", pointers: readonly PagePointer[]): void;
  /**
   * Payloads of pages that are needed once, past the cache.
   * @returns each held by the caller alone; undefined for one that is in the cache, or cannot be had: using it tells why
   */
  takePages(
    pageClass: "data",
    pointers: readonly PagePointer[],
  ): MaybePromise<readonly (Uint8Array | undefined)[]>;
  /** File content that will hardly be asked for again soon: it leaves the cache, and what is borrowed of it stands for this turn. */
  dismiss(pointers: readonly PagePointer[]): void;
  /**
   * Registers what must run before each commit to turn drafts into records.
   * @param flush - answers without a promise only when nothing waits to be flushed; it is asked again until it does
   */
  onFlush(flush: (which: FlushKind) => void | Promise<void>): void;
  /** Whether what is not ready can be made durable in a log. */
  readonly keepsLog: boolean;
  /** Registers who keeps changes outside of the TOC, for the log. */
  onSync(source: LogSource): void;
  /** What sources told the log before the vault was opened, in that order; the caller's from now on. */
  takeLogged(): readonly Uint8Array[];
  /** How whole data pages are read past the cache, where they stand in a file of this machine. */
  readonly pagesInFile: PagesInFile | undefined;
  /** Registers who is told of changes of the TOC before they are made; the records are borrowed. */
  onChange(listener: (changes: readonly LoggedChange[]) => void): void;
  /** Marks that something is waiting for a commit (starts the 5 s timer). */
  markDirty(): void;
  /** Everything done so far survives power loss, and is part of the commit that others see. */
  commit(): Promise<void>;
  /** Everything done so far survives power loss, in the way that costs least now. */
  sync(): MaybePromise<void>;
  /** Room in the store, in pages of PAGE_SIZE. */
  space(): { readonly totalPages: number; readonly freePages: number };
  readonly inodes: number;
}
