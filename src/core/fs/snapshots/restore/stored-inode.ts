/**
 * Inodes of two states of a vault, to be compared and copied.
 *
 * @module
 */
import { equalBytes } from "../../../base/bytes.ts";
import { PAGE_SIZE } from "../../../base/limits.ts";
import type { TransactionalVault } from "../../../vault/transaction.ts";
import { type Extent, joinExtents } from "../../extent.ts";
import { visitExtents } from "../../find-extents.ts";
import { InodeRecord, TimeField } from "../../inode-record.ts";
import { loadInode } from "../../inodes.ts";
import { readXattr, xattrNames } from "../../xattr-record.ts";

/** An extended attribute. */
export interface StoredXattr {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** An inode without its content, in arrays of its own. */
export interface StoredInode {
  readonly record: InodeRecord;
  /** In the order of their names. */
  readonly xattrs: readonly StoredXattr[];
}

/** Reads an inode. @throws FsError ENOENT; PageError, FormatError */
export async function readInode(vault: TransactionalVault, ino: number): Promise<StoredInode> {
  return vault.transact((transaction) => {
    const record = new InodeRecord(ino, new Uint8Array(loadInode(transaction, ino).bytes));
    const xattrs = xattrNames(transaction, ino).map((name) => {
      const value = readXattr(transaction, ino, name) ?? new Uint8Array(0);
      return { name, value: new Uint8Array(value) };
    });
    return { record, xattrs };
  });
}

/** Whether inodes of two states are the same but for their numbers, links, and times of access and status. */
export async function isSameInode(
  before: TransactionalVault,
  oldIno: number,
  after: TransactionalVault,
  newIno: number,
): Promise<boolean> {
  const [old, now] = [await readInode(before, oldIno), await readInode(after, newIno)];
  if (!hasSameAttributes(old, now) || old.record.size !== now.record.size) return false;
  if (old.record.isDirectory) return true;
  return (await describeContent(before, old.record)) === (await describeContent(after, now.record));
}

/** Whether two inodes have the same owner, permissions, time of change and extended attributes. */
export function hasSameAttributes(a: StoredInode, b: StoredInode): boolean {
  const [one, other] = [a.record, b.record];
  const [time, otherTime] = [one.time(TimeField.mtime), other.time(TimeField.mtime)];
  return (
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.rdev === other.rdev &&
    time.sec === otherTime.sec &&
    time.nsec === otherTime.nsec &&
    a.xattrs.length === b.xattrs.length &&
    a.xattrs.every((xattr, i) => isSameXattr(xattr, b.xattrs[i]))
  );
}

function isSameXattr(a: StoredXattr, b: StoredXattr | undefined): boolean {
  return b !== undefined && equalBytes(a.name, b.name) && equalBytes(a.value, b.value);
}

/** One past the last block of an inode's content; what stands behind it is on its way out. */
export function contentEnd({ size }: InodeRecord): number {
  return Math.ceil(size / PAGE_SIZE);
}

/** What the content of an inode consists of, in words that are the same for the same pages. */
async function describeContent(vault: TransactionalVault, record: InodeRecord): Promise<string> {
  const end = contentEnd(record);
  return vault.transact((transaction) => {
    const extents: Extent[] = [];
    visitExtents(transaction, { ino: record.ino, first: 0, end }, (extent) => {
      if (extent.block >= end) return false;
      if (extent.kind === "reserved") return true;
      // Whether others have the pages too, and how many blocks a record may span then, is nothing of the content.
      const plain = extent.kind === "run" ? { ...extent, shared: false } : extent;
      const last = extents.at(-1);
      const both = last && joinExtents(last, plain);
      if (both === undefined) extents.push(plain);
      else extents[extents.length - 1] = both;
      return true;
    });
    return [record.size, ...extents.map(describeExtent)].join();
  });
}

function describeExtent(extent: Extent): string {
  const place = `${extent.block}+${extent.count}`;
  switch (extent.kind) {
    case "inline":
      return `${place}=${extent.content.join(" ")}`;
    case "run":
      return `${place}@${extent.address}`;
    case "piece":
      return `${place}@${extent.address}.${extent.offset}`;
    case "reserved":
      return place;
  }
}
