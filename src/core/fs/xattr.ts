/**
 * `getxattr`, `setxattr`, `listxattr`, `removexattr` (xattr(7)); access control lists keep the mode in step.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { FsError } from "../base/errors.ts";
import { NAME_MAX, XATTR_SIZE_MAX } from "../base/limits.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import { encodeKey, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { ACL_ACCESS, ACL_DEFAULT, decodeAcl, isExtended, modeOfAcl } from "./acl.ts";
import { S_IFLNK, S_IFMT, type XattrMode } from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import type { InodeRecord } from "./inode-record.ts";
import { editInode, requireInode, saveInode } from "./inodes.ts";
import {
  deleteXattr,
  putInlineXattr,
  putXattrPage,
  readXattr,
  XATTR_BLOCK,
  XATTR_INLINE_MAX,
  xattrNames,
} from "./xattr-record.ts";

/** An attribute about to be set. */
export interface NewXattr {
  readonly ino: number;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  readonly mode: XattrMode;
}

/** @see FileSystem.getxattr */
export function getxattr(
  context: FsContext,
  ino: number,
  name: Uint8Array,
): MaybePromise<Uint8Array | undefined> {
  return context.view((transaction) => {
    const value = readXattr(transaction, ino, name);
    if (value !== undefined) return new Uint8Array(value);
    requireInode(transaction, ino);
    context.bare.look(transaction, ino);
    return undefined;
  });
}

/** @see FileSystem.listxattr */
export function listxattr(context: FsContext, ino: number): MaybePromise<readonly Uint8Array[]> {
  return context.view((transaction) => {
    requireInode(transaction, ino);
    return xattrNames(transaction, ino);
  });
}

/** @see FileSystem.setxattr */
export function setxattr(context: FsContext, xattr: NewXattr): MaybePromise<void> {
  const { name, value } = xattr;
  if (name.length === 0 || name.length > NAME_MAX) {
    throw new FsError("ERANGE", `attribute names have 1 to ${NAME_MAX} bytes`);
  }
  if (value.length > XATTR_SIZE_MAX) {
    throw new FsError("E2BIG", `attribute values have at most ${XATTR_SIZE_MAX} bytes`);
  }
  if (isAcl(name)) return context.change((transaction) => setAcl(context, transaction, xattr));
  if (value.length > XATTR_INLINE_MAX) return setLarge(context, xattr);
  return context.change((transaction) => {
    const inode = openXattr(transaction, xattr);
    putInlineXattr(transaction, xattr.ino, name, value);
    context.stampChange(inode);
    saveInode(transaction, inode);
  });
}

/** @see FileSystem.removexattr */
export function removexattr(context: FsContext, ino: number, name: Uint8Array): MaybePromise<void> {
  return context.change((transaction) => {
    const inode = editInode(transaction, ino);
    if (!deleteXattr(transaction, ino, name)) {
      if (isAcl(name)) return;
      throw noSuch(ino);
    }
    context.stampChange(inode);
    saveInode(transaction, inode);
  });
}

function noSuch(ino: number): FsError {
  return new FsError("ENODATA", `inode ${ino} has no such attribute`);
}

function isAcl(name: Uint8Array): boolean {
  return equalBytes(name, ACL_ACCESS) || equalBytes(name, ACL_DEFAULT);
}

/** The inode of an attribute that may be set as asked, under edit. */
function openXattr(transaction: Transaction, xattr: NewXattr): InodeRecord {
  const { ino, name, mode } = xattr;
  const inode = editInode(transaction, ino);
  if (mode === "set") return inode;
  const isThere = transaction.get(encodeKey(ino, KeyKind.xattr, name)) !== undefined;
  if (mode === "create" && isThere) {
    throw new FsError("EEXIST", `inode ${ino} has that attribute already`);
  }
  if (mode === "replace" && !isThere) throw noSuch(ino);
  return inode;
}

/** Puts the value into a page of its own first; the page goes again when the attribute cannot be set. */
async function setLarge(context: FsContext, xattr: NewXattr): Promise<void> {
  const { ino, name } = xattr;
  const payload = new Uint8Array(xattr.value);
  await context.change(() => context.room.require(payload.length));
  const owner = { ino, block: XATTR_BLOCK };
  const [page] = context.vault.addPages([{ pageClass: "data", owner, payload }]);
  const { address, generation } = page as PagePointer;
  try {
    await context.change((transaction) => {
      const inode = openXattr(transaction, xattr);
      putXattrPage(transaction, ino, name, { address, generation, length: payload.length });
      context.stampChange(inode);
      saveInode(transaction, inode);
    });
  } catch (error) {
    await context.change((transaction) => transaction.release({ address, generation }));
    throw error;
  }
}

function setAcl(context: FsContext, transaction: Transaction, xattr: NewXattr): void {
  const { ino, name, value } = xattr;
  const inode = openXattr(transaction, xattr);
  if ((inode.mode & S_IFMT) === S_IFLNK) {
    throw new FsError("EOPNOTSUPP", "symbolic links have no access control lists");
  }
  if (value.length > XATTR_INLINE_MAX) {
    throw new FsError("ENOSPC", `an access control list of ${value.length} bytes is too long`);
  }
  const acl = decodeAcl(value);
  const isAccess = equalBytes(name, ACL_ACCESS);
  if (!isAccess && !inode.isDirectory) {
    throw new FsError("EACCES", "only directories have default access control lists");
  }
  if (isAccess && acl.length > 0) inode.mode = modeOfAcl(acl, inode.mode);
  const saysMore = isAccess ? isExtended(acl) : acl.length > 0;
  if (saysMore) putInlineXattr(transaction, ino, name, value);
  else deleteXattr(transaction, ino, name);
  context.stampChange(inode);
  saveInode(transaction, inode);
}
