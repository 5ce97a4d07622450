/**
 * Inode records in the tree: finding, changing, refusing the wrong type.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { copyShort } from "../base/short-bytes.ts";
import { encodeKey, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { InodeRecord } from "./inode-record.ts";

/** The error for an inode number that names nothing. */
export function missing(ino: number): FsError {
  return new FsError("ENOENT", `inode ${ino} does not exist`);
}

/** Whether there is an inode of a number, whatever may still lead to it. */
export function hasInode(transaction: Transaction, ino: number): boolean {
  return transaction.get(encodeKey(ino, KeyKind.attributes)) !== undefined;
}

/** @throws FsError ENOENT */
export function requireInode(transaction: Transaction, ino: number): void {
  if (!hasInode(transaction, ino)) throw missing(ino);
}

/**
 * Reads an inode; its bytes are borrowed until the transaction function returns.
 * @throws FsError ENOENT
 */
export function loadInode(transaction: Transaction, ino: number): InodeRecord {
  const value = transaction.get(encodeKey(ino, KeyKind.attributes));
  if (value === undefined) throw missing(ino);
  return new InodeRecord(ino, value);
}

/**
 * Reads an inode to change it; {@link saveInode} makes the change.
 * @throws FsError ENOENT
 */
export function editInode(transaction: Transaction, ino: number): InodeRecord {
  const inode = editInodeIfThere(transaction, ino);
  if (inode === undefined) throw missing(ino);
  return inode;
}

/** As {@link editInode}; undefined where there is none. */
export function editInodeIfThere(transaction: Transaction, ino: number): InodeRecord | undefined {
  const value = transaction.get(encodeKey(ino, KeyKind.attributes));
  return value === undefined ? undefined : new InodeRecord(ino, copyShort(value));
}

/** Takes over a record that {@link editInode} gave; edit again to change more. */
export function saveInode(transaction: Transaction, inode: InodeRecord): void {
  transaction.put(encodeKey(inode.ino, KeyKind.attributes), inode.bytes);
}

/** @throws FsError ENOTDIR */
export function requireDirectory(inode: InodeRecord): void {
  if (!inode.isDirectory) throw new FsError("ENOTDIR", `inode ${inode.ino} is no directory`);
}

/** @throws FsError EISDIR, EINVAL */
export function requireFile(inode: InodeRecord): void {
  if (inode.isFile) return;
  if (inode.isDirectory) throw new FsError("EISDIR", `inode ${inode.ino} is a directory`);
  throw new FsError("EINVAL", `inode ${inode.ino} is no regular file`);
}

/**
 * A directory that entries may be added to.
 * @throws FsError ENOTDIR; ENOENT when it was removed and is only held open
 */
export function editDirectory(transaction: Transaction, ino: number): InodeRecord {
  const directory = editInode(transaction, ino);
  requireDirectory(directory);
  if (directory.nlink === 0) throw new FsError("ENOENT", `directory ${ino} was removed`);
  return directory;
}
