/**
 * What a file system over a vault offers, call by call, in the terms of the Linux man pages.
 *
 * Every call answers at once when what it needs is cached, and a promise when pages must be fetched
 * ({@link MaybePromise}). Each is atomic: it happens whole or not at all, and no other call sees half of it.
 * Inodes are named by number; permission checks are the kernel's (`default_permissions`), inheritance of set-group-ID
 * directories and of default ACLs, clearing of set-ID bits and times are the file system's. Names are 1 to 255
 * bytes, any but `/` and NUL. Byte arrays passed in are borrowed until the call or its promise ends, except `write`'s
 * (see there).
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { AttributeHolder } from "./attribute-holder.ts";
import type { BareHolder } from "./bare-inodes.ts";
import type { LayoutHolder } from "./layouts.ts";

/** Inode number of the root directory, as FUSE wants it. */
export const ROOT_INO = 1;

/** File type bits of `st_mode` (inode(7)). */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;

/** A point in time: whole seconds since the epoch (may be negative) and nanoseconds, 0 to 999,999,999. */
export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

/** Attributes of an inode, as `statx(2)` names them. */
export interface Attributes {
  readonly ino: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** `makedev(3)` number of a device node in the kernel's 32-bit encoding, else 0. */
  readonly rdev: number;
  /** Bytes. */
  readonly size: number;
  /** Allocated room in units of 512 bytes. */
  readonly blocks: number;
  readonly atime: Time;
  readonly mtime: Time;
  readonly ctime: Time;
  /** Birth. */
  readonly btime: Time;
}

/**
 * What a change takes along of a file's privileges: set-user-ID, file capabilities, and set-group-ID where the group may
 * execute the file; by an `outsider`, who is not in that group, set-group-ID in any case.
 */
export type PrivilegeLoss = "member" | "outsider";

/** Who makes a call. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
}

/** What `setattr` changes; what is undefined stays. */
export interface AttributeChanges {
  /** Permission bits only; the type stays. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly size?: number | undefined;
  readonly atime?: Time | "now" | undefined;
  readonly mtime?: Time | "now" | undefined;
  /** Only honoured when set explicitly (restoring a tree); otherwise ctime becomes now. */
  readonly ctime?: Time | undefined;
  /** Set-ID bits and file capabilities go (a write, truncate or chown by someone without CAP_FSETID). */
  readonly killPrivileges?: PrivilegeLoss | undefined;
}

/** Mode bits of a new inode: `mode` as asked, `umask` to apply where no default ACL stands. */
export interface Creation {
  readonly mode: number;
  readonly umask: number;
  readonly caller: Caller;
}

/**
 * Whose attributes a listing has: nobody's, those that nothing has to be fetched for, or everybody's. A far store makes the
 * difference; with one nearby, "near" are all.
 */
export type ListedAttributes = "none" | "near" | "all";

/** One entry handed out by a {@link Directory}. */
export interface DirectoryEntry {
  /** Fresh array. `.` and `..` are among the entries, first. */
  readonly name: Uint8Array;
  readonly ino: number;
  /** `S_IFMT` bits of the mode. */
  readonly type: number;
  /** Position behind this entry: pass it to `read` to go on from here. */
  readonly cookie: number;
  /** Present when asked for; undefined when the inode's record is damaged, or farther away than was asked for. */
  readonly attributes?: Attributes;
}

/** An open directory. */
export interface Directory {
  /**
   * Entries from a position on, at most `limit` of them; an empty answer is the end. Entries that are neither
   * made nor removed meanwhile come exactly once in a pass; position 0 begins anew.
   *
   * @param cookie - 0, or one that this Directory gave
   * @param whose - entries to fill `attributes` of
   */
  read(
    cookie: number,
    limit: number,
    whose: ListedAttributes,
  ): MaybePromise<readonly DirectoryEntry[]>;
}

/** `rename` variants (renameat2(2)). */
export type RenameMode = "replace" | "no-replace" | "exchange";

/** `setxattr` variants (setxattr(2)). */
export type XattrMode = "set" | "create" | "replace";

/** `fallocate` variants (fallocate(2)). */
export interface FallocateMode {
  readonly operation: "allocate" | "punch-hole" | "zero-range" | "collapse-range" | "insert-range";
  readonly keepSize: boolean;
}

/** Figures of `statvfs(3)`. */
export interface Statistics {
  /** Bytes: the unit of the two block counts. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly inodes: number;
  readonly nameMax: number;
}

/**
 * A file system. Errors are FsError with the errno the man page names, PageError when a needed page is damaged,
 * StoreError when the store failed; a read-only vault answers FsError EROFS to every change.
 */
export interface FileSystem {
  readonly readOnly: boolean;

  /**
   * What a name leads to; undefined where there is no such name, which is the answer to most programs that ask.
   * @throws FsError ENOENT when there is no such directory, ENOTDIR, ENAMETOOLONG
   */
  lookup(parent: number, name: Uint8Array): MaybePromise<Attributes | undefined>;
  getattr(ino: number): MaybePromise<Attributes>;
  setattr(ino: number, changes: AttributeChanges): MaybePromise<Attributes>;
  readlink(ino: number): MaybePromise<Uint8Array>;

  /** Makes a regular file, device, FIFO or socket: the type is in `creation.mode`. */
  mknod(
    parent: number,
    name: Uint8Array,
    creation: Creation,
    rdev: number,
  ): MaybePromise<Attributes>;
  mkdir(parent: number, name: Uint8Array, creation: Creation): MaybePromise<Attributes>;
  symlink(
    parent: number,
    name: Uint8Array,
    target: Uint8Array,
    caller: Caller,
  ): MaybePromise<Attributes>;
  /** A file without a name (O_TMPFILE); it goes with its last reference unless `link` names it. */
  tmpfile(parent: number, creation: Creation): MaybePromise<Attributes>;
  link(ino: number, newParent: number, newName: Uint8Array): MaybePromise<Attributes>;
  /** @returns the inode whose link went */
  unlink(parent: number, name: Uint8Array): MaybePromise<number>;
  rmdir(parent: number, name: Uint8Array): MaybePromise<number>;
  /** @param whiteout - who leaves a character device 0:0 at the old name (RENAME_WHITEOUT); nobody when absent */
  rename(from: NamePlace, to: NamePlace, mode: RenameMode, whiteout?: Caller): MaybePromise<void>;

  /**
   * Keeps an inode alive without a name, `count` times over, until as many `forget`: the kernel's
   * lookup count. Library users that hold no number across calls need neither.
   */
  retain(ino: number, count?: number): void;
  /** Drops references; without them, an inode that has no name is gone, and its storage given back by the next commit. */
  forget(ino: number, count: number): MaybePromise<void>;

  /**
   * Reads up to `length` bytes; less only at the end of the file.
   * @returns pieces in order, borrowed until the turn of the event loop ends in which they came
   */
  read(
    ino: number,
    offset: number,
    length: number,
    options?: ReadOptions,
  ): MaybePromise<readonly Uint8Array[]>;
  /** Tells somebody where contents stand that can be read past the file system, from now on and to nobody else. */
  holdLayouts?(holder: LayoutHolder): void;
  /** Tells somebody which inodes have no extended attributes, from now on and to nobody else. */
  holdBare?(holder: BareHolder): void;
  /** Tells somebody attributes of inodes as they are stored, from now on and to nobody else. */
  holdAttributes?(holder: AttributeHolder): void;
  /**
   * Writes all of `data`, growing the file when needed.
   * @param data - borrowed until the call returns, also when it returns a promise (it is copied then)
   * @returns bytes written
   */
  write(
    ino: number,
    offset: number,
    data: Uint8Array,
    options?: WriteOptions,
  ): MaybePromise<number>;
  /** Files and directories: everything done to the vault so far survives power loss (one commit for all). */
  fsync(ino: number): MaybePromise<void>;
  fallocate(ino: number, offset: number, length: number, mode: FallocateMode): MaybePromise<void>;
  /** SEEK_DATA and SEEK_HOLE. @throws FsError ENXIO at or beyond the end */
  lseek(ino: number, offset: number, whence: "data" | "hole"): MaybePromise<number>;
  /** Shares whole pages, copies the rest. @returns bytes copied */
  copyFileRange(from: FilePlace, to: FilePlace, length: number): MaybePromise<number>;

  opendir(ino: number, options?: ReadOptions): MaybePromise<Directory>;

  /** The value of an attribute; undefined where the inode has none of that name. */
  getxattr(ino: number, name: Uint8Array): MaybePromise<Uint8Array | undefined>;
  setxattr(ino: number, name: Uint8Array, value: Uint8Array, mode: XattrMode): MaybePromise<void>;
  /** Names, in order. */
  listxattr(ino: number): MaybePromise<readonly Uint8Array[]>;
  removexattr(ino: number, name: Uint8Array): MaybePromise<void>;

  statfs(): MaybePromise<Statistics>;
  /** As `fsync`, for the whole file system. */
  syncfs(): MaybePromise<void>;
}

/** A name in a directory. */
export interface NamePlace {
  readonly parent: number;
  readonly name: Uint8Array;
}

/** An offset in a file, bytes. */
export interface FilePlace {
  readonly ino: number;
  readonly offset: number;
}

/** How a file or directory is read. */
export interface ReadOptions {
  /** The access time stays as it is (O_NOATIME of open(2)). */
  readonly keepsAtime?: boolean;
}

/** How a write is made. */
export interface WriteOptions {
  /** Set-ID bits and file capabilities go (FUSE_WRITE_KILL_SUIDGID). */
  readonly killPrivileges?: PrivilegeLoss;
}
