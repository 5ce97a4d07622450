/**
 * Attributes of one inode in their stored form (FORMAT.md §7.1).
 *
 *     offset  bytes  field
 *     0       4      mode: type and permission bits
 *     4       4      nlink
 *     8       4      uid
 *     12      4      gid
 *     16      4      rdev
 *     20      4      flags, see InodeFlag
 *     24      8      size, bytes (0 for directories)
 *     32      6      mapped blocks: those with data or reserved
 *     38      2      0
 *     40      12     atime: seconds, signed 8; nanoseconds 4
 *     52      12     mtime
 *     64      12     ctime
 *     76      12     btime
 *     88      8      parent directory (directories only, else 0)
 *
 * The length is fixed, so a change is made in place. Fields are read where they stand: nothing is decoded that nobody
 * asks for.
 *
 * @module
 */
import { getI64, getU32, getU48, getU64, putI64, putU32, putU48, putU64 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { getTime, isTimeAt } from "../base/time.ts";
import type { StoredInode } from "./attribute-holder.ts";
import type { Attributes, Time } from "./file-system.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "./file-system.ts";

/** Bytes of a record. */
export const INODE_RECORD_SIZE = 96;

/** What `flags` may say. */
export const InodeFlag = {
  /** Extents beyond the size are dead and still being removed. */
  trimming: 1,
  /** Made by `tmpfile`: `link` may give it its first name. */
  linkable: 2,
  /** Blocks beyond the size are reserved. */
  preallocated: 4,
} as const;

/** Where each time stands in the record. */
export const TimeField = { atime: 40, mtime: 52, ctime: 64, btime: 76 } as const;

export type TimeField = (typeof TimeField)[keyof typeof TimeField];

/** Size and room shown for a directory, whose entries stand in the tree. */
const DIRECTORY_SIZE = 4096;

/** Bytes of the unit of `st_blocks`. */
const SECTOR = 512;

/** One inode's attributes over their stored bytes. */
export class InodeRecord implements StoredInode {
  readonly ino: number;
  /** The stored form; changes go straight into it. */
  readonly bytes: Uint8Array;

  /**
   * @param bytes - borrowed
   * @throws FormatError RECORD_MALFORMED
   */
  constructor(ino: number, bytes: Uint8Array) {
    if (bytes.length !== INODE_RECORD_SIZE) {
      const found = `${bytes.length} bytes of attributes, not ${INODE_RECORD_SIZE}`;
      throw new FormatError("RECORD_MALFORMED", `inode ${ino}: ${found}`);
    }
    this.ino = ino;
    this.bytes = bytes;
    if (!this.#isInBounds()) {
      throw new FormatError("RECORD_MALFORMED", `inode ${ino}: a number is out of bounds`);
    }
  }

  /** FORMAT.md §1.1. */
  #isInBounds(): boolean {
    const { bytes } = this;
    return (
      Number.isSafeInteger(this.size) &&
      Number.isSafeInteger(this.parent) &&
      isTimeAt(bytes, TimeField.atime) &&
      isTimeAt(bytes, TimeField.mtime) &&
      isTimeAt(bytes, TimeField.ctime) &&
      isTimeAt(bytes, TimeField.btime)
    );
  }

  get mode(): number {
    return getU32(this.bytes, 0);
  }

  set mode(mode: number) {
    putU32(this.bytes, 0, mode);
  }

  get nlink(): number {
    return getU32(this.bytes, 4);
  }

  set nlink(count: number) {
    putU32(this.bytes, 4, count);
  }

  get uid(): number {
    return getU32(this.bytes, 8);
  }

  set uid(uid: number) {
    putU32(this.bytes, 8, uid);
  }

  get gid(): number {
    return getU32(this.bytes, 12);
  }

  set gid(gid: number) {
    putU32(this.bytes, 12, gid);
  }

  get rdev(): number {
    return getU32(this.bytes, 16);
  }

  set rdev(rdev: number) {
    putU32(this.bytes, 16, rdev);
  }

  /** Bytes. */
  get size(): number {
    return getU64(this.bytes, 24);
  }

  set size(size: number) {
    putU64(this.bytes, 24, size);
  }

  get mappedBlocks(): number {
    return getU48(this.bytes, 32);
  }

  set mappedBlocks(count: number) {
    putU48(this.bytes, 32, Math.max(0, count));
  }

  /** The directory this directory stands in. */
  get parent(): number {
    return getU64(this.bytes, 88);
  }

  set parent(ino: number) {
    putU64(this.bytes, 88, ino);
  }

  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }

  get isFile(): boolean {
    return (this.mode & S_IFMT) === S_IFREG;
  }

  /** @param flag - of {@link InodeFlag} */
  has(flag: number): boolean {
    return (getU32(this.bytes, 20) & flag) !== 0;
  }

  /** @param flag - of {@link InodeFlag} */
  mark(flag: number, on: boolean): void {
    const flags = getU32(this.bytes, 20);
    putU32(this.bytes, 20, on ? flags | flag : flags & ~flag);
  }

  time(field: TimeField): Time {
    return getTime(this.bytes, field);
  }

  setTime(field: TimeField, sec: number, nsec: number): void {
    putI64(this.bytes, field, sec);
    putU32(this.bytes, field + 8, nsec);
  }

  /** Whether one time is later than another. */
  isLater(field: TimeField, other: TimeField): boolean {
    const difference = getI64(this.bytes, field) - getI64(this.bytes, other);
    if (difference !== 0) return difference > 0;
    return getU32(this.bytes, field + 8) > getU32(this.bytes, other + 8);
  }

  /** Bytes, as they are shown. */
  get shownSize(): number {
    return this.isDirectory ? DIRECTORY_SIZE : this.size;
  }

  /**
   * Room, as it is shown, in units of 512 bytes.
   * @param unmapped - blocks that were written and have no extent yet
   */
  shownSectors(unmapped: number): number {
    return this.isDirectory ? DIRECTORY_SIZE / SECTOR : this.#sectors(unmapped);
  }

  /** @param unmapped - as for {@link shownSectors} */
  attributes(unmapped: number): Attributes {
    const { ino, mode, nlink, uid, gid, rdev } = this;
    return {
      ino,
      mode,
      nlink,
      uid,
      gid,
      rdev,
      size: this.shownSize,
      blocks: this.shownSectors(unmapped),
      atime: this.time(TimeField.atime),
      mtime: this.time(TimeField.mtime),
      ctime: this.time(TimeField.ctime),
      btime: this.time(TimeField.btime),
    };
  }

  /** Whole blocks, but no more than a file without holes of that size takes. */
  #sectors(unmapped: number): number {
    const blocks = this.mappedBlocks + unmapped;
    const sectors = Math.min(blocks * (PAGE_SIZE / SECTOR), Number.MAX_SAFE_INTEGER);
    if (this.has(InodeFlag.preallocated)) return sectors;
    return Math.min(sectors, Math.ceil(this.size / SECTOR));
  }
}
