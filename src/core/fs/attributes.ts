/**
 * Attributes of inodes: `lookup`, `getattr`, `setattr`, `readlink`.
 *
 * @module
 */

import { FsError } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { dots } from "../base/names.ts";
import { nearestTime } from "../base/time.ts";
import type { Transaction } from "../vault/transaction.ts";
import { touchAccess } from "./access-time.ts";
import { ACL_ACCESS, aclAfterChmod, decodeAcl, encodeAcl } from "./acl.ts";
import { checkLength, findDentry } from "./dentry.ts";
import { foresee, isFar } from "./far-inodes.ts";
import {
  type AttributeChanges,
  type Attributes,
  type NamePlace,
  S_IFLNK,
  S_IFMT,
  type Time,
} from "./file-system.ts";
import { findExtent } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { type InodeRecord, TimeField } from "./inode-record.ts";
import { editInode, loadInode, missing, requireDirectory, saveInode } from "./inodes.ts";
import { killPrivileges } from "./privileges.ts";
import { trim } from "./trim.ts";
import { resize } from "./truncate.ts";
import { putInlineXattr, readXattr } from "./xattr-record.ts";

const PERMISSIONS = 0o7777;

/** @see FileSystem.lookup */
export function lookup(context: FsContext, place: NamePlace): MaybePromise<Attributes | undefined> {
  const { parent, name } = place;
  checkLength(name);
  return context.view((transaction) => {
    const directory = loadInode(transaction, parent);
    requireDirectory(directory);
    const dot = dots(name);
    if (dot === 1) return directory.attributes(0);
    const ino = dot === 2 ? directory.parent : findDentry(transaction, parent, name)?.ino;
    if (ino === undefined) return undefined;
    if (isFar(context, transaction, ino)) {
      foresee(context, transaction, context.leftOut.with(parent, ino));
    }
    return loadInode(transaction, ino).attributes(context.drafts.unmapped(ino));
  });
}

/** @see FileSystem.getattr */
export function getattr(context: FsContext, ino: number): MaybePromise<Attributes> {
  if (context.forgotten.has(ino)) throw missing(ino);
  return context.view((transaction) => {
    const inode = loadInode(transaction, ino);
    context.attributes.tell(inode);
    return inode.attributes(context.drafts.unmapped(ino));
  });
}

/** @see FileSystem.readlink */
export function readlink(context: FsContext, ino: number): MaybePromise<Uint8Array> {
  return context.view((transaction) => {
    const inode = loadInode(transaction, ino);
    if ((inode.mode & S_IFMT) !== S_IFLNK) {
      throw new FsError("EINVAL", `inode ${ino} is no symbolic link`);
    }
    const extent = findExtent(transaction, ino, 0);
    if (extent?.kind !== "inline") throw new FsError("EIO", `link ${ino} has lost its target`);
    touchAccess(context, transaction, inode);
    return extent.content;
  });
}

/** @see FileSystem.setattr */
export function setattr(
  context: FsContext,
  ino: number,
  changes: AttributeChanges,
): MaybePromise<Attributes> {
  const done = context.change((transaction) => {
    const inode = editInode(transaction, ino);
    setOwner(transaction, inode, changes);
    if (changes.mode !== undefined) setMode(transaction, inode, changes.mode);
    if (changes.size !== undefined) context.stampContent(inode);
    setTimes(context, inode, changes);
    const isDone = changes.size === undefined || resize(context, transaction, inode, changes.size);
    saveInode(transaction, inode);
    return { attributes: inode.attributes(context.drafts.unmapped(ino)), isDone };
  });
  return chain(done, ({ attributes, isDone }) => {
    return isDone ? attributes : finish(context, attributes);
  });
}

/** The file is as short as asked; what cannot be removed now is refused to whoever needs its place. */
async function finish(context: FsContext, attributes: Attributes): Promise<Attributes> {
  try {
    await trim(context, attributes.ino);
  } catch {}
  return attributes;
}

function setOwner(transaction: Transaction, inode: InodeRecord, changes: AttributeChanges): void {
  const { killPrivileges: loss } = changes;
  if (loss !== undefined) killPrivileges(transaction, inode, loss);
  if (changes.uid !== undefined) inode.uid = changes.uid;
  if (changes.gid !== undefined) inode.gid = changes.gid;
}

/** The mode changes, and with it the classes of an access list. */
function setMode(transaction: Transaction, inode: InodeRecord, mode: number): void {
  inode.mode = (inode.mode & S_IFMT) | (mode & PERMISSIONS);
  const list = readXattr(transaction, inode.ino, ACL_ACCESS);
  if (list === undefined) return;
  const acl = aclAfterChmod(decodeAcl(list), mode);
  putInlineXattr(transaction, inode.ino, ACL_ACCESS, encodeAcl(acl));
}

function setTimes(context: FsContext, inode: InodeRecord, changes: AttributeChanges): void {
  const [sec, nsec] = context.now();
  const set = (field: TimeField, asked: Time | "now" | undefined): void => {
    if (asked === undefined) return;
    const time = asked === "now" ? { sec, nsec } : nearestTime(asked);
    inode.setTime(field, time.sec, time.nsec);
  };
  set(TimeField.atime, changes.atime);
  set(TimeField.mtime, changes.mtime);
  if (isAnyAsked(changes)) set(TimeField.ctime, changes.ctime ?? "now");
}

function isAnyAsked(changes: AttributeChanges): boolean {
  const { mode, uid, gid, size, atime, mtime, ctime, killPrivileges: loss } = changes;
  return (mode ?? uid ?? gid ?? size ?? atime ?? mtime ?? ctime ?? loss) !== undefined;
}
