/**
 * A file system whose files all seem to have one owner, one group or one mode, for a vault that comes from another
 * machine. What is stored stays as it is, and new files are stored as their maker's. So attributes are told to nobody as they
 * are stored.
 *
 * @module
 */
import { FsError } from "../core/base/errors.ts";
import { chain, type MaybePromise } from "../core/base/maybe-promise.ts";
import type { BareHolder } from "../core/fs/bare-inodes.ts";
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
  S_IFMT,
  type Statistics,
  type WriteOptions,
  type XattrMode,
} from "../core/fs/file-system.ts";
import type { LayoutHolder } from "../core/fs/layouts.ts";
import type { ShownAs } from "./driver.ts";

const PERMISSIONS = 0o777;
const ACL_PREFIX = "system.posix_acl_";

/** Shows another file system's files as {@link ShownAs} says; everything else is passed on. */
export class ShownFileSystem implements FileSystem {
  readonly #fs: FileSystem;
  readonly #shownAs: ShownAs;

  constructor(fs: FileSystem, shownAs: ShownAs) {
    this.#fs = fs;
    this.#shownAs = shownAs;
  }

  get readOnly(): boolean {
    return this.#fs.readOnly;
  }

  lookup(parent: number, name: Uint8Array): MaybePromise<Attributes | undefined> {
    return chain(this.#fs.lookup(parent, name), (stored) => stored && this.#show(stored));
  }

  getattr(ino: number): MaybePromise<Attributes> {
    return this.#shown(this.#fs.getattr(ino));
  }

  /** @throws FsError EPERM for an owner other than the one shown */
  setattr(ino: number, changes: AttributeChanges): MaybePromise<Attributes> {
    const { uid, gid, ...others } = changes;
    const kept = {
      ...others,
      ...this.#changeOf("uid", uid),
      ...this.#changeOf("gid", gid),
    };
    return this.#shown(this.#fs.setattr(ino, kept));
  }

  readlink(ino: number): MaybePromise<Uint8Array> {
    return this.#fs.readlink(ino);
  }

  mknod(
    parent: number,
    name: Uint8Array,
    creation: Creation,
    rdev: number,
  ): MaybePromise<Attributes> {
    return this.#shown(this.#fs.mknod(parent, name, creation, rdev));
  }

  mkdir(parent: number, name: Uint8Array, creation: Creation): MaybePromise<Attributes> {
    return this.#shown(this.#fs.mkdir(parent, name, creation));
  }

  symlink(
    parent: number,
    name: Uint8Array,
    target: Uint8Array,
    caller: Caller,
  ): MaybePromise<Attributes> {
    return this.#shown(this.#fs.symlink(parent, name, target, caller));
  }

  tmpfile(parent: number, creation: Creation): MaybePromise<Attributes> {
    return this.#shown(this.#fs.tmpfile(parent, creation));
  }

  link(ino: number, newParent: number, newName: Uint8Array): MaybePromise<Attributes> {
    return this.#shown(this.#fs.link(ino, newParent, newName));
  }

  unlink(parent: number, name: Uint8Array): MaybePromise<number> {
    return this.#fs.unlink(parent, name);
  }

  rmdir(parent: number, name: Uint8Array): MaybePromise<number> {
    return this.#fs.rmdir(parent, name);
  }

  rename(from: NamePlace, to: NamePlace, mode: RenameMode, whiteout?: Caller): MaybePromise<void> {
    return this.#fs.rename(from, to, mode, whiteout);
  }

  retain(ino: number, count?: number): void {
    this.#fs.retain(ino, count);
  }

  forget(ino: number, count: number): MaybePromise<void> {
    return this.#fs.forget(ino, count);
  }

  read(
    ino: number,
    offset: number,
    length: number,
    options?: ReadOptions,
  ): MaybePromise<readonly Uint8Array[]> {
    return this.#fs.read(ino, offset, length, options);
  }

  write(
    ino: number,
    offset: number,
    data: Uint8Array,
    options?: WriteOptions,
  ): MaybePromise<number> {
    return this.#fs.write(ino, offset, data, options);
  }

  holdLayouts(holder: LayoutHolder): void {
    this.#fs.holdLayouts?.(holder);
  }

  holdBare(holder: BareHolder): void {
    this.#fs.holdBare?.(holder);
  }

  fsync(ino: number): MaybePromise<void> {
    return this.#fs.fsync(ino);
  }

  fallocate(ino: number, offset: number, length: number, mode: FallocateMode): MaybePromise<void> {
    return this.#fs.fallocate(ino, offset, length, mode);
  }

  lseek(ino: number, offset: number, whence: "data" | "hole"): MaybePromise<number> {
    return this.#fs.lseek(ino, offset, whence);
  }

  copyFileRange(from: FilePlace, to: FilePlace, length: number): MaybePromise<number> {
    return this.#fs.copyFileRange(from, to, length);
  }

  opendir(ino: number, options?: ReadOptions): MaybePromise<Directory> {
    return chain(this.#fs.opendir(ino, options), (directory): Directory => {
      return {
        read: (cookie, limit, whose) =>
          chain(directory.read(cookie, limit, whose), (entries) =>
            whose !== "none" ? entries.map((entry) => this.#shownEntry(entry)) : entries,
          ),
      };
    });
  }

  /** An ACL says who may do what, so there is none where one mode stands for all. */
  getxattr(ino: number, name: Uint8Array): MaybePromise<Uint8Array | undefined> {
    const isAcl = new TextDecoder().decode(name).startsWith(ACL_PREFIX);
    if (isAcl && this.#shownAs.umask !== undefined) return undefined;
    return this.#fs.getxattr(ino, name);
  }

  setxattr(ino: number, name: Uint8Array, value: Uint8Array, mode: XattrMode): MaybePromise<void> {
    return this.#fs.setxattr(ino, name, value, mode);
  }

  listxattr(ino: number): MaybePromise<readonly Uint8Array[]> {
    return this.#fs.listxattr(ino);
  }

  removexattr(ino: number, name: Uint8Array): MaybePromise<void> {
    return this.#fs.removexattr(ino, name);
  }

  statfs(): MaybePromise<Statistics> {
    return this.#fs.statfs();
  }

  syncfs(): MaybePromise<void> {
    return this.#fs.syncfs();
  }

  /** A change of owner as it is to be stored: none where the owner is only shown. */
  #changeOf(name: "uid" | "gid", id: number | undefined): AttributeChanges {
    const shown = this.#shownAs[name];
    if (id === undefined) return {};
    if (shown === undefined) return { [name]: id };
    if (shown === id) return {};
    throw new FsError("EPERM", `the mount shows every file with ${name} ${shown}`);
  }

  #shown(attributes: MaybePromise<Attributes>): MaybePromise<Attributes> {
    return chain(attributes, (stored) => this.#show(stored));
  }

  #shownEntry(entry: DirectoryEntry): DirectoryEntry {
    const { attributes } = entry;
    return attributes === undefined ? entry : { ...entry, attributes: this.#show(attributes) };
  }

  #show(stored: Attributes): Attributes {
    const { uid = stored.uid, gid = stored.gid, umask } = this.#shownAs;
    const mode =
      umask === undefined ? stored.mode : (stored.mode & S_IFMT) | (PERMISSIONS & ~umask);
    return { ...stored, uid, gid, mode };
  }
}
