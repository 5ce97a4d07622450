/**
 * Attributes and entries as the kernel wants them: `struct fuse_attr`, `fuse_entry_out`, `fuse_statx`.
 *
 * The kernel may keep attributes and names for as long as it likes: nobody but this mount changes them, and what
 * others change one day arrives as a notification.
 *
 * @module
 */
import { PAGE_SIZE } from "../../core/base/limits.ts";
import type { Attributes, Time } from "../../core/fs/file-system.ts";
import type { Reply } from "./reply.ts";

/** How long the kernel may keep what it was told: a year. */
const VALID_SECONDS = 365 * 86_400;

/** STATX_BASIC_STATS and STATX_BTIME: all members that are filled. */
const STATX_MASK = 0x0fff;

/** Bytes of a `struct fuse_entry_out`. */
export const ENTRY_OUT_SIZE = 128;

/** Writes a `struct fuse_entry_out`. Inode numbers are never used twice, so their generation is always 0. */
export function encodeEntry(reply: Reply, attributes: Attributes): void {
  reply.u64(attributes.ino);
  reply.u64(0); // generation
  reply.u64(VALID_SECONDS);
  reply.u64(VALID_SECONDS);
  reply.zeros(8); // nanoseconds of both
  encodeAttr(reply, attributes);
}

/** Writes a `struct fuse_entry_out` that says the name does not exist. */
export function encodeAbsent(reply: Reply): void {
  reply.u64(0);
  reply.u64(0);
  reply.u64(VALID_SECONDS);
  reply.zeros(ENTRY_OUT_SIZE - 24);
}

/** Writes a `struct fuse_attr_out`. */
export function encodeAttrOut(reply: Reply, attributes: Attributes): void {
  reply.u64(VALID_SECONDS);
  reply.zeros(8);
  encodeAttr(reply, attributes);
}

function encodeAttr(reply: Reply, attributes: Attributes): void {
  const { atime, mtime, ctime } = attributes;
  reply.u64(attributes.ino);
  reply.u64(attributes.size);
  reply.u64(attributes.blocks);
  reply.u64(atime.sec);
  reply.u64(mtime.sec);
  reply.u64(ctime.sec);
  reply.u32(atime.nsec);
  reply.u32(mtime.nsec);
  reply.u32(ctime.nsec);
  reply.u32(attributes.mode);
  reply.u32(attributes.nlink);
  reply.u32(attributes.uid);
  reply.u32(attributes.gid);
  reply.u32(attributes.rdev);
  reply.u32(PAGE_SIZE); // st_blksize
  reply.u32(0); // flags
}

/** Writes a `struct fuse_statx_out`. */
export function encodeStatxOut(reply: Reply, attributes: Attributes): void {
  reply.u64(VALID_SECONDS);
  reply.zeros(24); // nanoseconds, flags, spare
  reply.u32(STATX_MASK);
  reply.u32(PAGE_SIZE);
  reply.u64(0); // attributes
  reply.u32(attributes.nlink);
  reply.u32(attributes.uid);
  reply.u32(attributes.gid);
  reply.u16(attributes.mode);
  reply.u16(0);
  reply.u64(attributes.ino);
  reply.u64(attributes.size);
  reply.u64(attributes.blocks);
  reply.u64(0); // attributes that are known
  encodeTime(reply, attributes.atime);
  encodeTime(reply, attributes.btime);
  encodeTime(reply, attributes.ctime);
  encodeTime(reply, attributes.mtime);
  reply.u32((attributes.rdev >>> 8) & 0xfff); // major
  reply.u32((attributes.rdev & 0xff) | ((attributes.rdev >>> 12) & 0xfff00)); // minor
  reply.zeros(8 + 14 * 8); // device of the file system, spare
}

function encodeTime(reply: Reply, time: Time): void {
  reply.u64(time.sec);
  reply.u32(time.nsec);
  reply.u32(0);
}
