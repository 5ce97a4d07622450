/**
 * A vault's file system with its snapshots in it: `.snapshots/<name>/` in the root shows each of them, read-only.
 *
 * The directory is found by its name and not listed, so that whoever copies or measures the whole tree meets every file
 * once. An entry of that name in the vault itself goes before it. Nothing can be made under that name, and nothing be
 * changed, linked or moved across the border of a snapshot: `cp` brings files back.
 *
 * @module
 */
import { equalBytes, utf8 } from "../../base/bytes.ts";
import { FsError } from "../../base/errors.ts";
import { chain, type MaybePromise } from "../../base/maybe-promise.ts";
import type { Snapshots } from "../../vault/snapshots.ts";
import type { AttributeHolder } from "../attribute-holder.ts";
import type { BareHolder } from "../bare-inodes.ts";
import {
  type AttributeChanges,
  type Attributes,
  type Caller,
  type Creation,
  type Directory,
  type DirectoryEntry,
  type FallocateMode,
  type FilePlace,
  type FileSystem,
  type NamePlace,
  type ReadOptions,
  type RenameMode,
  ROOT_INO,
  S_IFDIR,
  type Statistics,
  type WriteOptions,
  type XattrMode,
} from "../file-system.ts";
import type { FileSystemOptions } from "../fs-context.ts";
import type { LayoutHolder } from "../layouts.ts";
import { VaultFileSystem } from "../vault-file-system.ts";
import { SnapshotDirectory } from "./snapshot-directory.ts";
import { type Slot, SNAPSHOTS_INO, SnapshotSlots } from "./snapshot-slots.ts";

/** Name of the directory in the root. */
const SNAPSHOTS_NAME: Uint8Array = utf8(".snapshots");

/** What it is made of. */
export interface SnapshotsShown {
  readonly fs: VaultFileSystem;
  readonly snapshots: Snapshots;
  readonly options: Pick<FileSystemOptions, "clock" | "compressor">;
}

/** Where an inode is: in which file system, under which number, and what is added to its numbers. */
interface Place {
  readonly fs: FileSystem;
  readonly ino: number;
  readonly base: number;
}

export class FileSystemWithSnapshots implements FileSystem {
  readonly #shown: SnapshotsShown;
  readonly #fs: VaultFileSystem;
  readonly #slots = new SnapshotSlots<FileSystem>();

  constructor(shown: SnapshotsShown) {
    this.#shown = shown;
    this.#fs = shown.fs;
  }

  get readOnly(): boolean {
    return this.#fs.readOnly;
  }

  /** @throws FsError EROFS for the directory of snapshots, which is nowhere; ESTALE */
  #place(ino: number): Place {
    const slot = this.#slots.slotOf(ino);
    if (slot !== undefined) return { fs: slot.view, ino: ino - slot.base, base: slot.base };
    if (ino === SNAPSHOTS_INO)
      throw new FsError("EROFS", "the list of snapshots cannot be changed");
    return { fs: this.#fs, ino, base: 0 };
  }

  /** Two places that a call may join. @throws FsError EXDEV */
  #pair(from: number, to: number): readonly [Place, Place] {
    const places = [this.#place(from), this.#place(to)] as const;
    if (places[0].fs === places[1].fs) return places;
    throw new FsError("EXDEV", "a snapshot and the vault are two file systems");
  }

  #checkName(parent: number, name: Uint8Array): void {
    if (parent !== ROOT_INO || !equalBytes(name, SNAPSHOTS_NAME)) return;
    throw new FsError("EEXIST", "the name stands for the snapshots of the vault");
  }

  #find(name: Uint8Array): Slot<FileSystem> {
    const { snapshots, options } = this.#shown;
    const snapshot = snapshots.find(name);
    return this.#slots.enter(
      snapshot,
      (entered) => snapshots.has(entered),
      () => new VaultFileSystem(snapshots.view(snapshot), options),
    );
  }

  #rootOf({ view, base }: Slot<FileSystem>): MaybePromise<Attributes> {
    return chain(view.getattr(ROOT_INO), (attributes) => renumbered(attributes, base));
  }

  lookup(parent: number, name: Uint8Array): MaybePromise<Attributes | undefined> {
    if (parent === SNAPSHOTS_INO) return this.#lookupSnapshot(name);
    if (parent === ROOT_INO && equalBytes(name, SNAPSHOTS_NAME)) return this.#lookupList();
    const { fs, ino, base } = this.#place(parent);
    const found = fs.lookup(ino, name);
    return base === 0 ? found : chain(found, (entry) => entry && renumbered(entry, base));
  }

  #lookupSnapshot(name: Uint8Array): MaybePromise<Attributes | undefined> {
    const isThere = this.#shown.snapshots.list().some((kept) => equalBytes(kept.name, name));
    return isThere ? this.#rootOf(this.#find(name)) : undefined;
  }

  #lookupList(): MaybePromise<Attributes | undefined> {
    const own = this.#fs.lookup(ROOT_INO, SNAPSHOTS_NAME);
    return chain(own, (entry) => entry ?? this.getattr(SNAPSHOTS_INO));
  }

  getattr(ino: number): MaybePromise<Attributes> {
    if (ino === SNAPSHOTS_INO) return chain(this.#fs.getattr(ROOT_INO), directoryAttributes);
    const place = this.#place(ino);
    const { base } = place;
    const found = place.fs.getattr(place.ino);
    return base === 0 ? found : chain(found, (attributes) => renumbered(attributes, base));
  }

  setattr(ino: number, changes: AttributeChanges): MaybePromise<Attributes> {
    const place = this.#place(ino);
    return place.fs.setattr(place.ino, changes);
  }

  readlink(ino: number): MaybePromise<Uint8Array> {
    const place = this.#place(ino);
    return place.fs.readlink(place.ino);
  }

  mknod(
    parent: number,
    name: Uint8Array,
    creation: Creation,
    rdev: number,
  ): MaybePromise<Attributes> {
    this.#checkName(parent, name);
    const { fs, ino } = this.#place(parent);
    return fs.mknod(ino, name, creation, rdev);
  }

  mkdir(parent: number, name: Uint8Array, creation: Creation): MaybePromise<Attributes> {
    this.#checkName(parent, name);
    const { fs, ino } = this.#place(parent);
    return fs.mkdir(ino, name, creation);
  }

  symlink(
    parent: number,
    name: Uint8Array,
    target: Uint8Array,
    caller: Caller,
  ): MaybePromise<Attributes> {
    this.#checkName(parent, name);
    const { fs, ino } = this.#place(parent);
    return fs.symlink(ino, name, target, caller);
  }

  tmpfile(parent: number, creation: Creation): MaybePromise<Attributes> {
    const { fs, ino } = this.#place(parent);
    return fs.tmpfile(ino, creation);
  }

  link(ino: number, newParent: number, newName: Uint8Array): MaybePromise<Attributes> {
    this.#checkName(newParent, newName);
    const [from, to] = this.#pair(ino, newParent);
    return from.fs.link(from.ino, to.ino, newName);
  }

  unlink(parent: number, name: Uint8Array): MaybePromise<number> {
    const { fs, ino } = this.#place(parent);
    return fs.unlink(ino, name);
  }

  rmdir(parent: number, name: Uint8Array): MaybePromise<number> {
    const { fs, ino } = this.#place(parent);
    return fs.rmdir(ino, name);
  }

  rename(from: NamePlace, to: NamePlace, mode: RenameMode, whiteout?: Caller): MaybePromise<void> {
    this.#checkName(to.parent, to.name);
    const [source, target] = this.#pair(from.parent, to.parent);
    const old = { parent: source.ino, name: from.name };
    return source.fs.rename(old, { parent: target.ino, name: to.name }, mode, whiteout);
  }

  /** Snapshots are read through their views, which know when they are deleted. */
  holdLayouts(holder: LayoutHolder): void {
    this.#fs.holdLayouts(holder);
  }

  holdBare(holder: BareHolder): void {
    this.#fs.holdBare(holder);
  }

  holdAttributes(holder: AttributeHolder): void {
    this.#fs.holdAttributes(holder);
  }

  /** Inodes of snapshots live as long as these do, so there it is only counted how many are in use. */
  retain(ino: number, count = 1): void {
    if (ino === SNAPSHOTS_INO) return;
    const slot = this.#slots.slotOf(ino);
    if (slot === undefined) this.#fs.retain(ino, count);
    else slot.references += count;
  }

  forget(ino: number, count: number): MaybePromise<void> {
    if (ino === SNAPSHOTS_INO) return undefined;
    const slot = this.#slots.slotOf(ino);
    if (slot === undefined) return this.#fs.forget(ino, count);
    slot.references = Math.max(0, slot.references - count);
    return undefined;
  }

  read(
    ino: number,
    offset: number,
    length: number,
    options?: ReadOptions,
  ): MaybePromise<readonly Uint8Array[]> {
    const place = this.#place(ino);
    return place.fs.read(place.ino, offset, length, options);
  }

  write(
    ino: number,
    offset: number,
    data: Uint8Array,
    options?: WriteOptions,
  ): MaybePromise<number> {
    const place = this.#place(ino);
    return place.fs.write(place.ino, offset, data, options);
  }

  fsync(ino: number): MaybePromise<void> {
    if (ino === SNAPSHOTS_INO) return undefined;
    const place = this.#place(ino);
    return place.fs.fsync(place.ino);
  }

  fallocate(ino: number, offset: number, length: number, mode: FallocateMode): MaybePromise<void> {
    const place = this.#place(ino);
    return place.fs.fallocate(place.ino, offset, length, mode);
  }

  lseek(ino: number, offset: number, whence: "data" | "hole"): MaybePromise<number> {
    const place = this.#place(ino);
    return place.fs.lseek(place.ino, offset, whence);
  }

  copyFileRange(from: FilePlace, to: FilePlace, length: number): MaybePromise<number> {
    const [source, target] = this.#pair(from.ino, to.ino);
    const begin = { ino: source.ino, offset: from.offset };
    return source.fs.copyFileRange(begin, { ino: target.ino, offset: to.offset }, length);
  }

  opendir(ino: number, options?: ReadOptions): MaybePromise<Directory> {
    if (ino === SNAPSHOTS_INO) {
      const { snapshots } = this.#shown;
      const rootOf = (name: Uint8Array): MaybePromise<Attributes> => this.#rootOf(this.#find(name));
      return new SnapshotDirectory(snapshots, { self: () => this.getattr(ino), rootOf });
    }
    const place = this.#place(ino);
    const opened = place.fs.opendir(place.ino, options);
    return place.base === 0 ? opened : chain(opened, (found) => renumberedList(found, place.base));
  }

  getxattr(ino: number, name: Uint8Array): MaybePromise<Uint8Array | undefined> {
    if (ino === SNAPSHOTS_INO) return undefined;
    const place = this.#place(ino);
    return place.fs.getxattr(place.ino, name);
  }

  setxattr(ino: number, name: Uint8Array, value: Uint8Array, mode: XattrMode): MaybePromise<void> {
    const place = this.#place(ino);
    return place.fs.setxattr(place.ino, name, value, mode);
  }

  listxattr(ino: number): MaybePromise<readonly Uint8Array[]> {
    if (ino === SNAPSHOTS_INO) return [];
    const place = this.#place(ino);
    return place.fs.listxattr(place.ino);
  }

  removexattr(ino: number, name: Uint8Array): MaybePromise<void> {
    const place = this.#place(ino);
    return place.fs.removexattr(place.ino, name);
  }

  statfs(): Statistics {
    return this.#fs.statfs();
  }

  syncfs(): MaybePromise<void> {
    return this.#fs.syncfs();
  }
}

function renumbered(attributes: Attributes, base: number): Attributes {
  return { ...attributes, ino: attributes.ino + base };
}

/** The directory of snapshots is the root's owner's, and nobody's to write. */
function directoryAttributes(root: Attributes): Attributes {
  return { ...root, ino: SNAPSHOTS_INO, mode: S_IFDIR | (root.mode & 0o555), nlink: 2, size: 0 };
}

function renumberedList(directory: Directory, base: number): Directory {
  const shown = (entry: DirectoryEntry): DirectoryEntry => {
    const { attributes } = entry;
    const moved = { ...entry, ino: entry.ino + base };
    return attributes === undefined
      ? moved
      : { ...moved, attributes: renumbered(attributes, base) };
  };
  return {
    read: (cookie, limit, withAttributes) =>
      chain(directory.read(cookie, limit, withAttributes), (entries) => entries.map(shown)),
  };
}
