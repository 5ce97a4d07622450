/**
 * The file system over a vault: every call of {@link FileSystem}, each done by a file of its own.
 *
 * @module
 */
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { TransactionalVault } from "../vault/transaction.ts";
import { fallocate } from "./allocate.ts";
import type { AttributeHolder } from "./attribute-holder.ts";
import { getattr, lookup, readlink, setattr } from "./attributes.ts";
import type { BareHolder } from "./bare-inodes.ts";
import { copyFileRange } from "./copy-range.ts";
import { makeRoot, mkdir, mknod, symlink, tmpfile } from "./create.ts";
import { opendir } from "./directory.ts";
import { decodeDraftRecords } from "./draft-records.ts";
import { read } from "./file-read.ts";
import type {
  AttributeChanges,
  Attributes,
  Caller,
  Creation,
  Directory,
  FallocateMode,
  FilePlace,
  FileSystem,
  NamePlace,
  ReadOptions,
  RenameMode,
  Statistics,
  WriteOptions,
  XattrMode,
} from "./file-system.ts";
import { write } from "./file-write.ts";
import { Flusher } from "./flusher.ts";
import { type Advance, type FsChange, follow } from "./follow.ts";
import { type FileSystemOptions, FsContext } from "./fs-context.ts";
import type { LayoutHolder } from "./layouts.ts";
import { link, rmdir, unlink } from "./link.ts";
import { forget, reclaimForgotten, reclaimOrphans } from "./orphans.ts";
import { rename } from "./rename.ts";
import { lseek } from "./seek.ts";
import {
  type Restoration,
  type RestoreRequest,
  restoreTree,
} from "./snapshots/restore/restore-tree.ts";
import { statfs } from "./statistics.ts";
import { getxattr, listxattr, removexattr, setxattr } from "./xattr.ts";

const NO_OPTIONS: ReadOptions & WriteOptions = {};

export class VaultFileSystem implements FileSystem {
  readonly #context: FsContext;
  readonly #flusher: Flusher;

  /** @param vault - unlocked; a new one gets its root directory by {@link makeRoot} */
  constructor(vault: TransactionalVault, options: FileSystemOptions) {
    this.#context = new FsContext(vault, options);
    this.#flusher = new Flusher(this.#context);
    vault.onFlush(() => reclaimForgotten(this.#context));
    vault.onFlush((which) => this.#flusher.flush(which));
    const { drafts, nameless } = this.#context;
    const isLasting = (ino: number): boolean => !nameless.has(ino);
    vault.onSync({
      isLeft: (which) => drafts.isLeft(which, isLasting),
      tell: (log, which) => drafts.collect({ log, which, isLasting }),
    });
    for (const records of vault.takeLogged()) {
      for (const record of decodeDraftRecords(records)) drafts.restore(record);
    }
  }

  get readOnly(): boolean {
    return this.#context.vault.readOnly;
  }

  /** Bytes that were written and are not yet in the vault's tree. */
  get draftBytes(): number {
    return this.#context.drafts.bytes;
  }

  /**
   * Goes on with a newer commit of the vault, while calls are served.
   * @returns what the kernel is to be told
   */
  follow(advance: Advance): Promise<readonly FsChange[]> {
    return follow(this.#context.lookups, async (isWanted) => {
      const difference = await advance(isWanted);
      // What came from the log of an older commit is in the newer one.
      if (difference !== undefined) {
        this.#context.drafts.clear();
        this.#context.layouts.recallAll();
        this.#context.bare.forget();
        this.#context.attributes.recallAll();
      }
      return difference;
    });
  }

  /** Makes the root directory of a new vault; one that is there stays as it is. */
  makeRoot(creation: Creation): MaybePromise<void> {
    return makeRoot(this.#context, creation);
  }

  /** Gives back what earlier sessions left behind (FORMAT.md §7.6); to be run after open, beside other calls. */
  reclaimOrphans(): Promise<void> {
    return reclaimOrphans(this.#context);
  }

  /** @see restoreTree */
  restore(source: TransactionalVault, request: RestoreRequest): Promise<Restoration> {
    return restoreTree(this.#context, source, request);
  }

  lookup(parent: number, name: Uint8Array): MaybePromise<Attributes | undefined> {
    return lookup(this.#context, { parent, name });
  }

  getattr(ino: number): MaybePromise<Attributes> {
    return getattr(this.#context, ino);
  }

  setattr(ino: number, changes: AttributeChanges): MaybePromise<Attributes> {
    return setattr(this.#context, ino, changes);
  }

  readlink(ino: number): MaybePromise<Uint8Array> {
    return readlink(this.#context, ino);
  }

  mknod(
    parent: number,
    name: Uint8Array,
    creation: Creation,
    rdev: number,
  ): MaybePromise<Attributes> {
    return mknod(this.#context, { parent, name }, creation, rdev);
  }

  mkdir(parent: number, name: Uint8Array, creation: Creation): MaybePromise<Attributes> {
    return mkdir(this.#context, { parent, name }, creation);
  }

  symlink(
    parent: number,
    name: Uint8Array,
    target: Uint8Array,
    caller: Caller,
  ): MaybePromise<Attributes> {
    return symlink(this.#context, { parent, name }, target, caller);
  }

  tmpfile(parent: number, creation: Creation): MaybePromise<Attributes> {
    return tmpfile(this.#context, parent, creation);
  }

  link(ino: number, newParent: number, newName: Uint8Array): MaybePromise<Attributes> {
    return link(this.#context, ino, { parent: newParent, name: newName });
  }

  unlink(parent: number, name: Uint8Array): MaybePromise<number> {
    return unlink(this.#context, { parent, name });
  }

  rmdir(parent: number, name: Uint8Array): MaybePromise<number> {
    return rmdir(this.#context, { parent, name });
  }

  rename(from: NamePlace, to: NamePlace, mode: RenameMode, whiteout?: Caller): MaybePromise<void> {
    return rename(this.#context, { from, to, mode, whiteout });
  }

  holdLayouts(holder: LayoutHolder): void {
    this.#context.layouts.hold(holder);
  }

  holdBare(holder: BareHolder): void {
    this.#context.bare.hold(holder);
  }

  holdAttributes(holder: AttributeHolder): void {
    this.#context.attributes.hold(holder);
  }

  retain(ino: number, count = 1): void {
    this.#context.lookups.retain(ino, count);
  }

  forget(ino: number, count: number): MaybePromise<void> {
    return forget(this.#context, ino, count);
  }

  read(
    ino: number,
    offset: number,
    length: number,
    options: ReadOptions = NO_OPTIONS,
  ): MaybePromise<readonly Uint8Array[]> {
    return read(this.#context, { ino, offset }, length, options);
  }

  write(
    ino: number,
    offset: number,
    data: Uint8Array,
    options: WriteOptions = NO_OPTIONS,
  ): MaybePromise<number> {
    const written = write(this.#context, { ino, offset }, data, options);
    return chain(written, (count) => chain(this.#flusher.relieve(ino), () => count));
  }

  fsync(ino: number): MaybePromise<void> {
    if (this.readOnly) return;
    return chain(this.#context.vault.sync(), () => this.#context.failures.check(ino));
  }

  fallocate(ino: number, offset: number, length: number, mode: FallocateMode): MaybePromise<void> {
    return fallocate(this.#context, { ino, offset, length }, mode);
  }

  lseek(ino: number, offset: number, whence: "data" | "hole"): MaybePromise<number> {
    return lseek(this.#context, { ino, offset }, whence);
  }

  copyFileRange(from: FilePlace, to: FilePlace, length: number): MaybePromise<number> {
    return copyFileRange(this.#context, this.#flusher, { from, to, length });
  }

  opendir(ino: number, options: ReadOptions = NO_OPTIONS): MaybePromise<Directory> {
    return opendir(this.#context, ino, options);
  }

  getxattr(ino: number, name: Uint8Array): MaybePromise<Uint8Array | undefined> {
    return getxattr(this.#context, ino, name);
  }

  setxattr(ino: number, name: Uint8Array, value: Uint8Array, mode: XattrMode): MaybePromise<void> {
    return setxattr(this.#context, { ino, name, value, mode });
  }

  listxattr(ino: number): MaybePromise<readonly Uint8Array[]> {
    return listxattr(this.#context, ino);
  }

  removexattr(ino: number, name: Uint8Array): MaybePromise<void> {
    return removexattr(this.#context, ino, name);
  }

  statfs(): Statistics {
    return statfs(this.#context);
  }

  syncfs(): MaybePromise<void> {
    if (this.readOnly) return;
    return chain(this.#context.vault.sync(), () => this.#context.failures.checkAll());
  }
}
