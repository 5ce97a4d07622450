/**
 * Names: `link`, `unlink`, `rmdir`.
 *
 * @module
 */

import { FsError } from "../base/errors.ts";
import { LINK_MAX } from "../base/limits.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { dots, isDots } from "../base/names.ts";
import type { Transaction } from "../vault/transaction.ts";
import { tellAdded } from "./create.ts";
import {
  checkLength,
  checkNewName,
  type Dentry,
  deleteDentry,
  findDentry,
  isEmpty,
  putDentry,
} from "./dentry.ts";
import type { Attributes, NamePlace } from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { editDirectory, editInode, requireDirectory, saveInode } from "./inodes.ts";
import { deleteOrphan } from "./orphan-record.ts";
import { dropLink, reclaim } from "./orphans.ts";

/** @see FileSystem.link */
export function link(context: FsContext, ino: number, place: NamePlace): MaybePromise<Attributes> {
  const done = context.change((transaction) => {
    checkNewName(place.name);
    const inode = editInode(transaction, ino);
    if (inode.isDirectory) throw new FsError("EPERM", `inode ${ino} is a directory`);
    const directory = editDirectory(transaction, place.parent);
    if (findDentry(transaction, place.parent, place.name) !== undefined) {
      throw new FsError("EEXIST", `the name is taken in directory ${place.parent}`);
    }
    addLink(context, transaction, inode);
    putDentry(transaction, place.parent, place.name, { ino, type: inode.mode });
    context.stampContent(directory);
    saveInode(transaction, directory);
    return inode.attributes(context.drafts.unmapped(ino));
  });
  return tellAdded(context, place, done);
}

function addLink(context: FsContext, transaction: Transaction, inode: InodeRecord): void {
  const { ino, nlink } = inode;
  if (nlink >= LINK_MAX) throw new FsError("EMLINK", `inode ${ino} has ${nlink} links`);
  if (nlink === 0) {
    const isLinkable = inode.has(InodeFlag.linkable) && !context.forgotten.has(ino);
    if (!isLinkable) throw new FsError("ENOENT", `inode ${ino} was removed`);
    inode.mark(InodeFlag.linkable, false);
    if (!inode.has(InodeFlag.trimming)) deleteOrphan(transaction, ino);
  }
  inode.nlink = nlink + 1;
  context.stampChange(inode);
  saveInode(transaction, inode);
  transaction.onApplied(() => context.nameless.delete(ino));
}

/** An entry that is about to go, and its directory under edit. */
interface Found {
  readonly directory: InodeRecord;
  readonly dentry: Dentry;
}

/** @throws FsError ENOENT, ENOTDIR, ENAMETOOLONG */
function find(transaction: Transaction, place: NamePlace): Found {
  checkLength(place.name);
  const directory = editInode(transaction, place.parent);
  requireDirectory(directory);
  const dentry = findDentry(transaction, place.parent, place.name);
  if (dentry === undefined) {
    throw new FsError("ENOENT", `no such name in directory ${place.parent}`);
  }
  return { directory, dentry };
}

/** @see FileSystem.unlink */
export function unlink(context: FsContext, place: NamePlace): MaybePromise<number> {
  const done = context.change((transaction) => {
    if (isDots(place.name)) throw new FsError("EISDIR", "the name stands for a directory");
    const { directory, dentry } = find(transaction, place);
    const inode = editInode(transaction, dentry.ino);
    if (inode.isDirectory) throw new FsError("EISDIR", `inode ${dentry.ino} is a directory`);
    return remove(context, transaction, place, { directory, inode });
  });
  return afterRemoval(context, done);
}

/** @see FileSystem.rmdir */
export function rmdir(context: FsContext, place: NamePlace): MaybePromise<number> {
  const done = context.change((transaction) => {
    const dot = dots(place.name);
    if (dot === 1) throw new FsError("EINVAL", "a directory is not removed by the name `.`");
    if (dot === 2) throw new FsError("ENOTEMPTY", "the name `..` stands for a directory in use");
    const { directory, dentry } = find(transaction, place);
    const inode = editInode(transaction, dentry.ino);
    requireDirectory(inode);
    if (!isEmpty(transaction, dentry.ino)) {
      throw new FsError("ENOTEMPTY", `directory ${dentry.ino} is not empty`);
    }
    directory.nlink -= 1;
    return remove(context, transaction, place, { directory, inode });
  });
  return afterRemoval(context, done);
}

/** An inode that loses a name, and whether something of it is left to be reclaimed. */
interface Removal {
  readonly ino: number;
  readonly isLeft: boolean;
}

/** Takes a name away; both inodes are under edit. */
function remove(
  context: FsContext,
  transaction: Transaction,
  place: NamePlace,
  inodes: { readonly directory: InodeRecord; readonly inode: InodeRecord },
): Removal {
  const { directory, inode } = inodes;
  deleteDentry(transaction, directory.ino, place.name);
  context.stampContent(directory);
  saveInode(transaction, directory);
  return { ino: inode.ino, isLeft: dropLink(context, transaction, inode) };
}

function afterRemoval(context: FsContext, done: MaybePromise<Removal>): MaybePromise<number> {
  return chain(done, ({ ino, isLeft }) => {
    return isLeft ? chain(reclaim(context, ino), () => ino) : ino;
  });
}
