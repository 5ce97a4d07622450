/**
 * Inodes and directory entries of the file system in memory.
 *
 * @module
 */
import { FsError } from "../../src/core/base/errors.ts";
import { NAME_MAX } from "../../src/core/base/limits.ts";
import {
  type Attributes,
  type Creation,
  type PrivilegeLoss,
  S_IFDIR,
  S_IFMT,
  S_ISGID,
  S_ISUID,
  type Time,
} from "../../src/core/fs/file-system.ts";
import { MemoryContents } from "./memory-contents.ts";

const PERMISSIONS = 0o7777;
const GROUP_EXECUTE = 0o010;

/** A name in a directory; `serial` orders entries by when they were made. */
export interface MemoryDentry {
  readonly name: Uint8Array;
  readonly ino: number;
  readonly serial: number;
}

/** Everything about one inode; only directories have entries, and only they know their parent. */
export class MemoryInode {
  readonly ino: number;
  readonly rdev: number;
  readonly btime: Time = now();
  readonly xattrs = new Map<string, Uint8Array>();
  readonly contents = new MemoryContents();
  readonly entries = new Map<string, MemoryDentry>();
  mode: number;
  uid: number;
  gid: number;
  nlink = 1;
  /** Set for directories. */
  parent = 0;
  /** References from outside: the kernel's lookup count. */
  references = 0;
  atime: Time = this.btime;
  mtime: Time = this.btime;
  ctime: Time = this.btime;

  constructor(
    ino: number,
    mode: number,
    owner: { readonly uid: number; readonly gid: number },
    rdev = 0,
  ) {
    this.ino = ino;
    this.mode = mode;
    this.uid = owner.uid;
    this.gid = owner.gid;
    this.rdev = rdev;
  }

  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }

  attributes(): Attributes {
    const { ino, mode, nlink, uid, gid, rdev, atime, mtime, ctime, btime } = this;
    const { size, allocated } = this.contents;
    return {
      ino,
      mode,
      nlink,
      uid,
      gid,
      rdev,
      size,
      blocks: allocated / 512,
      atime,
      mtime,
      ctime,
      btime,
    };
  }

  /** The contents changed. */
  modified(): void {
    this.mtime = now();
    this.ctime = this.mtime;
  }

  /** Attributes changed. */
  changed(): void {
    this.ctime = now();
  }

  chmod(mode: number): void {
    this.mode = (this.mode & S_IFMT) | (mode & PERMISSIONS);
  }

  killPrivileges(loss: PrivilegeLoss): void {
    if (this.isDirectory) return;
    const losesGroup = loss === "outsider" || (this.mode & GROUP_EXECUTE) !== 0;
    const setgid = losesGroup ? S_ISGID : 0;
    this.mode &= ~(S_ISUID | setgid);
    this.xattrs.delete("security.capability");
  }

  /** @throws FsError ENOTDIR, ENAMETOOLONG */
  entry(name: Uint8Array): MemoryDentry | undefined {
    if (!this.isDirectory) throw new FsError("ENOTDIR");
    if (name.length > NAME_MAX) throw new FsError("ENAMETOOLONG");
    return this.entries.get(keyOf(name));
  }

  /** Owner and mode of an inode made in this directory. */
  inherit(creation: Creation): { mode: number; uid: number; gid: number } {
    const isSetgid = (this.mode & S_ISGID) !== 0;
    const keeps = isSetgid && (creation.mode & S_IFMT) === S_IFDIR ? S_ISGID : 0;
    return {
      mode: (creation.mode & ~creation.umask) | keeps,
      uid: creation.caller.uid,
      gid: isSetgid ? this.gid : creation.caller.gid,
    };
  }
}

/** Bytes as a key of a map, one character each. */
export function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** The time, to the microsecond or so. */
export function now(): Time {
  const ms = performance.timeOrigin + performance.now();
  return { sec: Math.floor(ms / 1000), nsec: Math.floor((ms % 1000) * 1e6) };
}
