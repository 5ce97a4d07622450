/**
 * A state of the vault that is kept, to be read: the same pages under another root of the TOC.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { CommitError, FsError } from "../base/errors.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { PageCache } from "../pages/page-cache.ts";
import { prefetch } from "../pages/prefetch.ts";
import { Tree, type TreeRoot } from "../tree/tree.ts";
import type { Residence } from "./residence.ts";
import type { Transaction, TransactionalVault } from "./transaction.ts";
import { TreeTransaction } from "./tree-transaction.ts";

/** Readers need no inode number. */
const NO_INO = 0;

/** What a view is made of. */
export interface ViewParts {
  readonly pages: PageCache;
  /** The vault's: pages are held for one operation at a time, whatever state it is on. */
  readonly residence: Residence;
  readonly toc: TreeRoot;
  /** Whether the pages of the view are still kept. */
  readonly isThere: () => boolean;
  readonly space: TransactionalVault["space"];
}

export class SnapshotView implements TransactionalVault {
  readonly readOnly: boolean = true;
  readonly settling: undefined = undefined;
  readonly keepsLog: boolean = false;
  /** Reads are to find out when the snapshot is deleted. */
  readonly pagesInFile: undefined = undefined;
  /** Not counted for snapshots. */
  readonly inodes: number = 0;
  readonly #parts: ViewParts;
  readonly #tree: Tree;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.#tree = new Tree(parts.pages, parts.toc);
  }

  get buffers(): BufferPool {
    return this.#parts.pages.buffers;
  }

  /** @throws FsError ESTALE when the snapshot was deleted; CommitError VAULT_READ_ONLY */
  transact<T>(body: (transaction: Transaction) => T): MaybePromise<T> {
    const { pages, residence, isThere } = this.#parts;
    return residence.run(() => {
      if (!isThere()) throw new FsError("ESTALE", "the snapshot was deleted");
      const transaction = new TreeTransaction(this.#tree, pages, NO_INO);
      const result = body(transaction);
      if (transaction.isChange) throw readOnly();
      return result;
    });
  }

  addPages(): readonly PagePointer[] {
    throw readOnly();
  }

  throttle(): undefined {
    return undefined;
  }

  prefetch(pageClass: "data" | "pack", pointers: readonly PagePointer[]): void {
    const { pages, isThere } = this.#parts;
    if (isThere()) prefetch(pages, pageClass, pointers);
  }

  /** Nothing is ever written over them. */
  takePages(_: "data", pointers: readonly PagePointer[]): readonly undefined[] {
    return pointers.map(() => undefined);
  }

  dismiss(pointers: readonly PagePointer[]): void {
    for (const pointer of pointers) this.#parts.pages.dismiss(pointer);
  }

  /** Nothing is ever flushed. */
  onFlush(): void {}

  /** No log tells of a snapshot. */
  onSync(): void {}

  takeLogged(): readonly Uint8Array[] {
    return [];
  }

  /** Nothing ever changes. */
  onChange(): void {}

  /** Nothing ever changes. */
  markDirty(): void {}

  async commit(): Promise<void> {}

  async sync(): Promise<void> {}

  space(): ReturnType<TransactionalVault["space"]> {
    return this.#parts.space();
  }
}

function readOnly(): CommitError {
  return new CommitError("VAULT_READ_ONLY", "a snapshot cannot be changed");
}
