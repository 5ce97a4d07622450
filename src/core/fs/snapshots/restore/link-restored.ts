/**
 * Takes the steps of a restore, all in one transaction: copies get their names, what was there loses its own.
 *
 * @module
 */
import { FsError } from "../../../base/errors.ts";
import type { Transaction } from "../../../vault/transaction.ts";
import { deleteDentry, findDentry, putDentry } from "../../dentry.ts";
import { type NamePlace, S_IFDIR } from "../../file-system.ts";
import type { FsContext } from "../../fs-context.ts";
import { type InodeRecord, TimeField } from "../../inode-record.ts";
import { editDirectory, editInode, saveInode } from "../../inodes.ts";
import { deleteOrphan } from "../../orphan-record.ts";
import { leaveNameless } from "../../orphans.ts";
import { deleteXattr, xattrNames } from "../../xattr-record.ts";
import { putInlineXattrs } from "./put-xattrs.ts";
import type { StoredInode } from "./stored-inode.ts";
import type { CopiedInode } from "./tree-copy.ts";

/** A step whose copy, if it takes one, is made. */
export type LinkStep =
  | {
      readonly kind: "link";
      readonly at: NamePlace;
      /** What must stand there still; nothing when undefined. */
      readonly replaces: number | undefined;
      /** Undefined when the name goes. */
      readonly copy: CopiedInode | undefined;
    }
  | { readonly kind: "attributes"; readonly ino: number; readonly stored: StoredInode };

/**
 * Takes steps, in their order.
 * @throws FsError EBUSY when something is not what it was when the steps were planned; ENOENT, ENOTDIR
 */
export function takeSteps(
  context: FsContext,
  transaction: Transaction,
  steps: readonly LinkStep[],
): void {
  for (const step of steps) {
    if (step.kind === "link") link(context, transaction, step);
    else setAttributes(context, transaction, step.ino, step.stored);
  }
}

function link(
  context: FsContext,
  transaction: Transaction,
  { at, replaces, copy }: Extract<LinkStep, { readonly kind: "link" }>,
): void {
  const directory = editDirectory(transaction, at.parent);
  if (findDentry(transaction, at.parent, at.name)?.ino !== replaces) {
    throw new FsError("EBUSY", "something was changed there meanwhile; try again");
  }
  if (replaces !== undefined) {
    const old = editInode(transaction, replaces);
    if (old.isDirectory) directory.nlink -= 1;
    dropName(context, transaction, old);
    deleteDentry(transaction, at.parent, at.name);
  }
  if (copy !== undefined) {
    giveName(context, transaction, copy);
    putDentry(transaction, at.parent, at.name, copy);
    if (copy.type === S_IFDIR) directory.nlink += 1;
  }
  context.stampContent(directory);
  saveInode(transaction, directory);
}

/** What loses its last name is reclaimed later, so that the transaction stays small. */
function dropName(context: FsContext, transaction: Transaction, inode: InodeRecord): void {
  context.stampChange(inode);
  if (inode.isDirectory || inode.nlink === 1) {
    leaveNameless(context, transaction, inode);
    return;
  }
  inode.nlink -= 1;
  saveInode(transaction, inode);
}

function giveName(context: FsContext, transaction: Transaction, copy: CopiedInode): void {
  const inode = editInode(transaction, copy.ino);
  if (inode.nlink === 0) deleteOrphan(transaction, copy.ino);
  inode.nlink = inode.isDirectory ? copy.links : inode.nlink + 1;
  saveInode(transaction, inode);
  transaction.onApplied(() => context.nameless.delete(copy.ino));
}

/** Gives a directory the attributes it had; large extended attributes are set afterwards. */
function setAttributes(
  context: FsContext,
  transaction: Transaction,
  ino: number,
  { record, xattrs }: StoredInode,
): void {
  const inode = editDirectory(transaction, ino);
  inode.mode = record.mode;
  inode.uid = record.uid;
  inode.gid = record.gid;
  const { sec, nsec } = record.time(TimeField.mtime);
  inode.setTime(TimeField.mtime, sec, nsec);
  context.stampChange(inode);
  saveInode(transaction, inode);
  for (const name of xattrNames(transaction, ino)) deleteXattr(transaction, ino, name);
  putInlineXattrs(transaction, ino, xattrs);
}
