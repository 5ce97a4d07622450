/**
 * `renameat2(2)`: one name takes the place of another, atomically.
 *
 * @module
 */

import { FsError } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { isDots } from "../base/names.ts";
import type { Transaction } from "../vault/transaction.ts";
import { putWhiteout } from "./create.ts";
import {
  checkNewName,
  type Dentry,
  deleteDentry,
  findDentry,
  isEmpty,
  putDentry,
} from "./dentry.ts";
import { type Caller, type NamePlace, type RenameMode, ROOT_INO, S_IFDIR } from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import type { InodeRecord } from "./inode-record.ts";
import { editDirectory, editInode, loadInode, requireDirectory, saveInode } from "./inodes.ts";
import { dropLink, reclaim } from "./orphans.ts";

/** A rename as it is asked for. */
export interface RenameRequest {
  readonly from: NamePlace;
  readonly to: NamePlace;
  readonly mode: RenameMode;
  /** Who leaves a whiteout at the old name. */
  readonly whiteout: Caller | undefined;
}

/** What a rename is about. */
interface Rename extends RenameRequest {
  readonly source: Dentry;
  readonly target: Dentry | undefined;
}

/** @see FileSystem.rename */
export function rename(context: FsContext, request: RenameRequest): MaybePromise<void> {
  const done = context.change((transaction) => {
    const plan = find(transaction, request);
    checkVariant(plan);
    if (plan.source.ino === plan.target?.ino) return { left: undefined, isNew: false };
    checkLoop(transaction, plan.source, plan.to.parent);
    const carryOut = plan.mode === "exchange" ? exchange : replace;
    return { left: carryOut(context, transaction, plan), isNew: plan.target === undefined };
  });
  return chain(done, ({ left, isNew }) => {
    if (isNew) context.passes.added(request.to.parent, request.to.name);
    return left === undefined ? undefined : reclaim(context, left);
  });
}

function find(transaction: Transaction, request: RenameRequest): Rename {
  const { from, to } = request;
  if (isDots(from.name) || isDots(to.name)) {
    throw new FsError("EBUSY", "`.` and `..` are not renamed");
  }
  checkNewName(from.name);
  checkNewName(to.name);
  requireDirectory(loadInode(transaction, from.parent));
  editDirectory(transaction, to.parent);
  const source = findDentry(transaction, from.parent, from.name);
  if (source === undefined) throw new FsError("ENOENT", `no such name in ${from.parent}`);
  return { ...request, source, target: findDentry(transaction, to.parent, to.name) };
}

function checkVariant(plan: Rename): void {
  const { mode } = plan;
  if (mode === "no-replace" && plan.target !== undefined) {
    throw new FsError("EEXIST", `the name is taken in directory ${plan.to.parent}`);
  }
  if (mode === "exchange" && plan.target === undefined) {
    throw new FsError("ENOENT", `no such name in directory ${plan.to.parent}`);
  }
}

/**
 * A directory cannot move below itself.
 * @throws FsError EINVAL
 */
function checkLoop(transaction: Transaction, moved: Dentry, directory: number): void {
  if (moved.type !== S_IFDIR) return;
  let above = directory;
  while (above !== moved.ino) {
    if (above === ROOT_INO) return;
    above = loadInode(transaction, above).parent;
  }
  throw new FsError("EINVAL", `directory ${moved.ino} cannot move below itself`);
}

/** @returns the replaced inode when something of it is left to be reclaimed */
function replace(context: FsContext, transaction: Transaction, plan: Rename): number | undefined {
  const { from, to, source, target, whiteout } = plan;
  if (whiteout === undefined) deleteDentry(transaction, from.parent, from.name);
  else putWhiteout(context, transaction, from, whiteout);
  putDentry(transaction, to.parent, to.name, source);
  moveInode(context, transaction, source, plan);
  touchDirectories(context, transaction, from.parent, to.parent);
  if (target === undefined) return undefined;
  return removeTarget(context, transaction, plan, target) ? target.ino : undefined;
}

/** Takes what the target's name led to away, last of all. @returns whether something of it is left to be reclaimed */
function removeTarget(
  context: FsContext,
  transaction: Transaction,
  plan: Rename,
  target: Dentry,
): boolean {
  const inode = editInode(transaction, target.ino);
  if (inode.isDirectory) {
    if (plan.source.type !== S_IFDIR) {
      throw new FsError("EISDIR", `inode ${target.ino} is a directory, the other is none`);
    }
    if (!isEmpty(transaction, target.ino)) {
      throw new FsError("ENOTEMPTY", `directory ${target.ino} is not empty`);
    }
    changeLinks(transaction, plan.to.parent, -1);
  } else if (plan.source.type === S_IFDIR) {
    throw new FsError("ENOTDIR", `inode ${target.ino} is no directory, the other is one`);
  }
  return dropLink(context, transaction, inode);
}

function exchange(context: FsContext, transaction: Transaction, plan: Rename): undefined {
  const { from, to, source } = plan;
  const target = plan.target as Dentry;
  checkLoop(transaction, target, from.parent);
  putDentry(transaction, from.parent, from.name, target);
  putDentry(transaction, to.parent, to.name, source);
  moveInode(context, transaction, source, plan);
  moveInode(context, transaction, target, { from: to, to: from });
  touchDirectories(context, transaction, from.parent, to.parent);
}

/** Tells an inode, and the directories' link counts, that it stands elsewhere. */
function moveInode(
  context: FsContext,
  transaction: Transaction,
  moved: Dentry,
  way: { readonly from: NamePlace; readonly to: NamePlace },
): void {
  const inode = editInode(transaction, moved.ino);
  context.stampChange(inode);
  const changesParent = inode.isDirectory && way.from.parent !== way.to.parent;
  if (changesParent) inode.parent = way.to.parent;
  saveInode(transaction, inode);
  if (!changesParent) return;
  changeLinks(transaction, way.from.parent, -1);
  changeLinks(transaction, way.to.parent, 1);
}

function changeLinks(transaction: Transaction, ino: number, change: number): void {
  const directory = editInode(transaction, ino);
  directory.nlink += change;
  saveInode(transaction, directory);
}

function touchDirectories(
  context: FsContext,
  transaction: Transaction,
  ...inodes: readonly number[]
): void {
  for (const ino of new Set(inodes)) {
    const directory: InodeRecord = editInode(transaction, ino);
    context.stampContent(directory);
    saveInode(transaction, directory);
  }
}
