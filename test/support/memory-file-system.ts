/**
 * A file system in memory: the plainest thing that keeps the contract of `FileSystem`, for running the mount without a
 * vault and as the model other implementations are compared with. It answers every call at once. ACLs are kept as
 * opaque attributes.
 *
 * @module
 */
import { FsError } from "../../src/core/base/errors.ts";
import { LINK_MAX, NAME_MAX, PAGE_SIZE } from "../../src/core/base/limits.ts";
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
  type ListedAttributes,
  type NamePlace,
  type RenameMode,
  ROOT_INO,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  type Statistics,
  type WriteOptions,
  type XattrMode,
} from "../../src/core/fs/file-system.ts";
import { keyOf, type MemoryDentry, MemoryInode, now } from "./memory-inode.ts";

const DOT = Uint8Array.of(0x2e);
const DOT_DOT = Uint8Array.of(0x2e, 0x2e);
const BLOCKS = 2 ** 24;

/** See the head of this file. */
export class MemoryFileSystem implements FileSystem {
  readonly readOnly: boolean = false;
  readonly #inodes = new Map<number, MemoryInode>();
  #lastIno = ROOT_INO;
  #lastSerial = 2;

  constructor() {
    const root = new MemoryInode(ROOT_INO, S_IFDIR | 0o755, {
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
    });
    root.nlink = 2;
    root.parent = ROOT_INO;
    this.#inodes.set(ROOT_INO, root);
  }

  /** References the kernel holds, by inode; for tests. */
  references(): Map<number, number> {
    const held = [...this.#inodes.values()].filter((inode) => inode.references > 0);
    return new Map(held.map((inode) => [inode.ino, inode.references]));
  }

  /** How many inodes there are, those without a name included. */
  get inodeCount(): number {
    return this.#inodes.size;
  }

  lookup(parent: number, name: Uint8Array): Attributes | undefined {
    const entry = this.#inode(parent).entry(name);
    return entry && this.#inode(entry.ino).attributes();
  }

  getattr(ino: number): Attributes {
    return this.#inode(ino).attributes();
  }

  setattr(ino: number, changes: AttributeChanges): Attributes {
    const inode = this.#inode(ino);
    if (changes.killPrivileges) inode.killPrivileges(changes.killPrivileges);
    if (changes.mode !== undefined) inode.chmod(changes.mode);
    inode.uid = changes.uid ?? inode.uid;
    inode.gid = changes.gid ?? inode.gid;
    if (changes.size !== undefined) {
      if (inode.isDirectory) throw new FsError("EISDIR");
      inode.contents.resize(changes.size);
      inode.modified();
    }
    inode.ctime = changes.ctime ?? now();
    if (changes.atime !== undefined) inode.atime = changes.atime === "now" ? now() : changes.atime;
    if (changes.mtime !== undefined) inode.mtime = changes.mtime === "now" ? now() : changes.mtime;
    return inode.attributes();
  }

  readlink(ino: number): Uint8Array {
    const inode = this.#inode(ino);
    if ((inode.mode & S_IFMT) !== S_IFLNK) throw new FsError("EINVAL");
    return Buffer.concat(inode.contents.read(0, inode.contents.size));
  }

  mknod(parent: number, name: Uint8Array, creation: Creation, rdev: number): Attributes {
    return this.#make(parent, name, creation, rdev).attributes();
  }

  mkdir(parent: number, name: Uint8Array, creation: Creation): Attributes {
    const inode = this.#make(parent, name, { ...creation, mode: creation.mode | S_IFDIR }, 0);
    inode.nlink = 2;
    inode.parent = parent;
    this.#inode(parent).nlink += 1;
    return inode.attributes();
  }

  symlink(parent: number, name: Uint8Array, target: Uint8Array, caller: Caller): Attributes {
    const inode = this.#make(parent, name, { mode: S_IFLNK | 0o777, umask: 0, caller }, 0);
    inode.contents.write(0, target);
    return inode.attributes();
  }

  tmpfile(parent: number, creation: Creation): Attributes {
    const inode = this.#allocate(this.#inode(parent), creation, 0);
    inode.nlink = 0;
    return inode.attributes();
  }

  link(ino: number, newParent: number, newName: Uint8Array): Attributes {
    const inode = this.#inode(ino);
    if (inode.isDirectory) throw new FsError("EPERM");
    if (inode.nlink >= LINK_MAX) throw new FsError("EMLINK");
    this.#enter(this.#emptyPlace(newParent, newName), newName, ino);
    inode.nlink += 1;
    inode.changed();
    return inode.attributes();
  }

  unlink(parent: number, name: Uint8Array): number {
    const inode = this.#child(parent, name);
    if (inode.isDirectory) throw new FsError("EISDIR");
    this.#leave(parent, name);
    return this.#drop(inode, 1);
  }

  rmdir(parent: number, name: Uint8Array): number {
    const inode = this.#child(parent, name);
    if (!inode.isDirectory) throw new FsError("ENOTDIR");
    if (inode.entries.size > 0) throw new FsError("ENOTEMPTY");
    this.#leave(parent, name);
    this.#inode(parent).nlink -= 1;
    return this.#drop(inode, 2);
  }

  rename(from: NamePlace, to: NamePlace, mode: RenameMode, whiteout?: Caller): void {
    const inode = this.#child(from.parent, from.name);
    const target = this.#inode(to.parent).entry(to.name);
    const old = target === undefined ? undefined : this.#inode(target.ino);
    if (inode.isDirectory) this.#refuseLoop(inode, to.parent);
    if (mode === "exchange") {
      if (old === undefined) throw new FsError("ENOENT");
      if (old.isDirectory) this.#refuseLoop(old, from.parent);
      this.#move(old, to, from);
    } else if (old !== undefined) {
      if (mode === "no-replace") throw new FsError("EEXIST");
      if (old === inode) return;
      this.#replace(inode, old, to);
    }
    this.#move(inode, from, to, mode === "exchange");
    inode.changed();
    old?.changed();
    if (whiteout === undefined) return;
    this.mknod(from.parent, from.name, { mode: S_IFCHR, umask: 0, caller: whiteout }, 0);
  }

  retain(ino: number, count = 1): void {
    const inode = this.#inodes.get(ino);
    if (inode !== undefined) inode.references += count;
  }

  forget(ino: number, count: number): void {
    const inode = this.#inodes.get(ino);
    if (inode === undefined) return;
    inode.references = Math.max(0, inode.references - count);
    this.#drop(inode, 0);
  }

  read(ino: number, offset: number, length: number): Uint8Array[] {
    return this.#inode(ino).contents.read(offset, length);
  }

  write(ino: number, offset: number, data: Uint8Array, options: WriteOptions = {}): number {
    const inode = this.#inode(ino);
    inode.contents.write(offset, data);
    if (options.killPrivileges) inode.killPrivileges(options.killPrivileges);
    inode.modified();
    return data.length;
  }

  fsync(ino: number): void {
    this.#inode(ino);
  }

  fallocate(
    ino: number,
    offset: number,
    length: number,
    { operation, keepSize }: FallocateMode,
  ): void {
    const { contents } = this.#inode(ino);
    if (operation === "collapse-range" || operation === "insert-range")
      throw new FsError("EOPNOTSUPP");
    if (operation === "allocate") contents.allocate(offset, length);
    else contents.punch(offset, length);
    if (!keepSize && offset + length > contents.size) contents.resize(offset + length);
    this.#inode(ino).modified();
  }

  lseek(ino: number, offset: number, whence: "data" | "hole"): number {
    const { contents } = this.#inode(ino);
    const found = offset < contents.size ? contents.seek(offset, whence) : undefined;
    if (found === undefined) throw new FsError("ENXIO");
    return found;
  }

  copyFileRange(from: FilePlace, to: FilePlace, length: number): number {
    const source = this.#inode(from.ino);
    const pieces = source.contents.read(from.offset, Math.min(length, 2 ** 24));
    return this.write(to.ino, to.offset, Buffer.concat(pieces));
  }

  opendir(ino: number): Directory {
    const directory = this.#inode(ino);
    if (!directory.isDirectory) throw new FsError("ENOTDIR");
    return {
      read: (cookie, limit, whose) => this.#list(directory, cookie, limit, whose),
    };
  }

  getxattr(ino: number, name: Uint8Array): Uint8Array | undefined {
    return this.#inode(ino).xattrs.get(keyOf(name));
  }

  setxattr(ino: number, name: Uint8Array, value: Uint8Array, mode: XattrMode): void {
    const { xattrs } = this.#inode(ino);
    const exists = xattrs.has(keyOf(name));
    if (mode === "create" && exists) throw new FsError("EEXIST");
    if (mode === "replace" && !exists) throw new FsError("ENODATA");
    xattrs.set(keyOf(name), value.slice());
    this.#inode(ino).changed();
  }

  listxattr(ino: number): Uint8Array[] {
    return [...this.#inode(ino).xattrs.keys()].map((key) => Buffer.from(key, "latin1"));
  }

  removexattr(ino: number, name: Uint8Array): void {
    if (!this.#inode(ino).xattrs.delete(keyOf(name))) throw new FsError("ENODATA");
    this.#inode(ino).changed();
  }

  statfs(): Statistics {
    const inodes = this.#inodes.size;
    return {
      blockSize: PAGE_SIZE,
      blocks: BLOCKS,
      freeBlocks: BLOCKS - inodes,
      inodes,
      nameMax: NAME_MAX,
    };
  }

  syncfs(): void {}

  #inode(ino: number): MemoryInode {
    const inode = this.#inodes.get(ino);
    if (inode === undefined) throw new FsError("ESTALE");
    return inode;
  }

  #child(parent: number, name: Uint8Array): MemoryInode {
    const entry = this.#inode(parent).entry(name);
    if (entry === undefined) throw new FsError("ENOENT");
    return this.#inode(entry.ino);
  }

  #make(parent: number, name: Uint8Array, creation: Creation, rdev: number): MemoryInode {
    const directory = this.#emptyPlace(parent, name);
    const inode = this.#allocate(directory, creation, rdev);
    this.#enter(directory, name, inode.ino);
    return inode;
  }

  #allocate(directory: MemoryInode, creation: Creation, rdev: number): MemoryInode {
    const inherited = directory.inherit(creation);
    this.#lastIno += 1;
    const inode = new MemoryInode(this.#lastIno, inherited.mode, inherited, rdev);
    this.#inodes.set(inode.ino, inode);
    return inode;
  }

  /** A directory that is not removed and has no such name. */
  #emptyPlace(parent: number, name: Uint8Array): MemoryInode {
    const directory = this.#inode(parent);
    if (directory.entry(name) !== undefined) throw new FsError("EEXIST");
    if (directory.nlink === 0) throw new FsError("ENOENT");
    return directory;
  }

  #enter(directory: MemoryInode, name: Uint8Array, ino: number): void {
    this.#lastSerial += 1;
    directory.entries.delete(keyOf(name));
    directory.entries.set(keyOf(name), { name: name.slice(), ino, serial: this.#lastSerial });
    directory.modified();
  }

  #leave(parent: number, name: Uint8Array): void {
    const directory = this.#inode(parent);
    directory.entries.delete(keyOf(name));
    directory.modified();
  }

  /** Takes links away; an inode without links and references goes. */
  #drop(inode: MemoryInode, links: number): number {
    inode.nlink -= links;
    if (links > 0) inode.changed();
    if (inode.nlink === 0 && inode.references === 0) this.#inodes.delete(inode.ino);
    return inode.ino;
  }

  #replace(inode: MemoryInode, old: MemoryInode, to: NamePlace): void {
    if (inode.isDirectory && !old.isDirectory) throw new FsError("ENOTDIR");
    if (!inode.isDirectory && old.isDirectory) throw new FsError("EISDIR");
    if (old.isDirectory) this.rmdir(to.parent, to.name);
    else this.unlink(to.parent, to.name);
  }

  /** @param keeps - whether another inode has taken the old name meanwhile */
  #move(inode: MemoryInode, from: NamePlace, to: NamePlace, keeps = false): void {
    if (!keeps) this.#leave(from.parent, from.name);
    this.#enter(this.#inode(to.parent), to.name, inode.ino);
    if (!inode.isDirectory) return;
    this.#inode(from.parent).nlink -= 1;
    this.#inode(to.parent).nlink += 1;
    inode.parent = to.parent;
  }

  #refuseLoop(moved: MemoryInode, destination: number): void {
    for (let at = destination; at !== ROOT_INO; at = this.#inode(at).parent) {
      if (at === moved.ino) throw new FsError("EINVAL");
    }
  }

  #list(
    directory: MemoryInode,
    cookie: number,
    limit: number,
    whose: ListedAttributes,
  ): DirectoryEntry[] {
    const all: MemoryDentry[] = [
      { name: DOT, ino: directory.ino, serial: 1 },
      { name: DOT_DOT, ino: directory.parent, serial: 2 },
      ...directory.entries.values(),
    ];
    return all
      .filter((entry) => entry.serial > cookie)
      .slice(0, limit)
      .map(({ name, ino, serial }) => {
        const attributes = this.#inode(ino).attributes();
        const entry = { name, ino, type: attributes.mode & S_IFMT, cookie: serial };
        return whose !== "none" ? { ...entry, attributes } : entry;
      });
  }
}
