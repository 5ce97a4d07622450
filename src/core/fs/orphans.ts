/**
 * Giving back the storage of inodes that no name leads to.
 *
 * An inode that loses its last name while the kernel holds references lives on, with an orphan record, until the last
 * reference goes, and is reclaimed before the next commit. What a crash left behind is found by its orphan record and
 * reclaimed after the next mount. A directory without a name may have entries (what a restore builds or replaces): they go
 * first, and directories below become orphans.
 *
 * @module
 */
import { isDamage, PageError } from "../base/errors.ts";
import { chain, type MaybePromise, rescue } from "../base/maybe-promise.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { decodeDentry, deleteDentry } from "./dentry.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { editInodeIfThere, saveInode } from "./inodes.ts";
import { deleteOrphan, listOrphans, putOrphan } from "./orphan-record.ts";
import { trim, trimExtents } from "./trim.ts";
import { untilDone } from "./until-done.ts";
import { deleteXattr, xattrNames } from "./xattr-record.ts";

/** Extended attributes removed per transaction. */
const XATTR_BATCH = 256;

/** Entries of a directory removed per transaction. */
const NAME_BATCH = 16;

/** Orphan records read per transaction. */
const ORPHAN_BATCH = 256;

/** Inodes reclaimed per transaction. */
const RECLAIM_BATCH = 32;

/** Inodes that wait to be reclaimed. */
const FORGOTTEN_MAX = 1024;

/**
 * Takes a name from an inode under edit; without references from outside, what it stood for goes too.
 *
 * @returns whether {@link reclaim} has to be called for the rest
 */
export function dropLink(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
): boolean {
  inode.nlink = inode.isDirectory ? 0 : inode.nlink - 1;
  context.stampChange(inode);
  if (inode.nlink > 0) {
    saveInode(transaction, inode);
    return false;
  }
  if (!context.lookups.has(inode.ino)) {
    return !reclaimStep(context, transaction, inode);
  }
  leaveNameless(context, transaction, inode);
  return false;
}

/** An inode that never had a name is in use, so nobody reclaims it. */
export function putNameless(context: FsContext, transaction: Transaction, ino: number): void {
  putOrphan(transaction, ino);
  transaction.onApplied(() => context.nameless.add(ino));
}

/** Leaves an inode under edit, whose last name went, to a later {@link reclaim}, with all that is below a directory. */
export function leaveNameless(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
): void {
  inode.nlink = 0;
  putOrphan(transaction, inode.ino);
  saveInode(transaction, inode);
  transaction.onApplied(() => {
    if (context.lookups.has(inode.ino)) context.nameless.add(inode.ino);
  });
}

/**
 * Removes a part of what an inode without a name holds; it has an orphan record while something is left.
 * @returns whether the inode is gone
 */
function reclaimStep(context: FsContext, transaction: Transaction, inode: InodeRecord): boolean {
  const { ino } = inode;
  const areGone =
    (!inode.isDirectory || removeEntries(context, transaction, ino)) &&
    trimExtents(context, transaction, inode, 0) &&
    deleteXattrs(transaction, ino);
  if (areGone) {
    transaction.delete(encodeKey(ino, KeyKind.attributes));
    deleteOrphan(transaction, ino);
    transaction.countInodes(-1);
  } else {
    putOrphan(transaction, ino);
    saveInode(transaction, inode);
  }
  transaction.onApplied(() => {
    context.drafts.dropRange(ino, 0, Number.POSITIVE_INFINITY);
    context.nameless.delete(ino);
  });
  return areGone;
}

/** Removes a bounded number of entries of a directory without a name. @returns whether there were no more */
function removeEntries(context: FsContext, transaction: Transaction, directory: number): boolean {
  const entries: { readonly name: Uint8Array; readonly ino: number }[] = [];
  const from = encodeKey(directory, KeyKind.dentry);
  transaction.scan(from, keyAfterKind(directory, KeyKind.dentry), (key, value) => {
    entries.push({ name: key.slice(KEY_PREFIX), ino: decodeDentry(value).ino });
    return entries.length < NAME_BATCH;
  });
  for (const { name, ino } of entries) {
    deleteDentry(transaction, directory, name);
    const inode = editInodeIfThere(transaction, ino);
    if (inode === undefined) continue;
    if (inode.isDirectory) leaveNameless(context, transaction, inode);
    else dropLink(context, transaction, inode);
  }
  return entries.length < NAME_BATCH;
}

/** Removes a bounded number of extended attributes. @returns whether there were no more */
function deleteXattrs(transaction: Transaction, ino: number): boolean {
  const names = xattrNames(transaction, ino, XATTR_BATCH);
  for (const name of names) deleteXattr(transaction, ino, name);
  return names.length < XATTR_BATCH;
}

/** Removes all of an inode that has no name; one that has, or is gone, stays as it is. */
export function reclaim(context: FsContext, ino: number): MaybePromise<void> {
  return reclaimTogether(context, [ino]);
}

function reclaimTogether(context: FsContext, inos: readonly number[]): MaybePromise<void> {
  const step = (transaction: Transaction): boolean =>
    inos.every((ino) => {
      const inode = editInodeIfThere(transaction, ino);
      return inode === undefined || inode.nlink > 0 || reclaimStep(context, transaction, inode);
    });
  return untilDone(() => context.change(step));
}

/**
 * An inode without a name and references waits for the next commit, to be reclaimed with others: files are deleted in
 * bursts, and whoever does so waits for the names to go, not for what they stood for.
 *
 * @see FileSystem.forget
 */
export function forget(context: FsContext, ino: number, count: number): MaybePromise<void> {
  const isLast = context.lookups.forget(ino, count);
  if (!isLast || !context.nameless.has(ino)) return;
  context.attributes.recall(ino);
  context.drafts.dropRange(ino, 0, Number.POSITIVE_INFINITY);
  context.forgotten.add(ino);
  context.room.freed();
  context.vault.markDirty();
  if (context.forgotten.size > FORGOTTEN_MAX) return reclaimForgotten(context);
}

/** Reclaims what nobody refers to any more, which counts as gone all the time until it is. */
export function reclaimForgotten(context: FsContext): MaybePromise<void> {
  const { forgotten } = context;
  return untilDone(() => {
    const inos = firstOf(forgotten, RECLAIM_BATCH);
    if (inos.length === 0) return true;
    return chain(reclaimWhole(context, inos), () => {
      for (const ino of inos) forgotten.delete(ino);
      return false;
    });
  });
}

function firstOf(inos: Iterable<number>, count: number): readonly number[] {
  const first: number[] = [];
  for (const ino of inos) if (first.push(ino) === count) break;
  return first;
}

/** What stands in a damaged page stays an orphan. */
function reclaimWhole(context: FsContext, inos: readonly number[]): MaybePromise<void> {
  return rescue(
    () => reclaimTogether(context, inos),
    async (error) => {
      if (!isDamage(error)) throw error;
      if (inos.length > 1) for (const ino of inos) await reclaimWhole(context, [ino]);
    },
  );
}

/**
 * Finishes what earlier sessions left: inodes without a name, extents beyond the size. To be run after open, beside
 * other calls; bounded in memory.
 */
export async function reclaimOrphans(context: FsContext): Promise<void> {
  while (await reclaimPass(context)) {
    // Directories below those that went are orphans now, some with lower numbers.
  }
}

/** Visits every orphan once. @returns whether directories went */
async function reclaimPass(context: FsContext): Promise<boolean> {
  let hasEmptied = false;
  let after = -1;
  for (;;) {
    const from = after;
    const orphans = await context.view((transaction) =>
      listOrphans(transaction, from, ORPHAN_BATCH),
    );
    for (const ino of orphans) {
      if (!context.nameless.has(ino)) hasEmptied = (await reclaimOne(context, ino)) || hasEmptied;
      after = ino;
    }
    if (orphans.length < ORPHAN_BATCH) return hasEmptied;
  }
}

/** What stands in a damaged page stays an orphan. @returns whether a directory went */
async function reclaimOne(context: FsContext, ino: number): Promise<boolean> {
  const find = (transaction: Transaction): InodeRecord | undefined =>
    editInodeIfThere(transaction, ino);
  const isDirectory = (await context.view(find))?.isDirectory === true;
  try {
    await trim(context, ino);
    await reclaim(context, ino);
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
  }
  return context.change((transaction) => {
    const inode = find(transaction);
    const isInUse = inode?.nlink === 0 || inode?.has(InodeFlag.trimming) === true;
    if (!isInUse) deleteOrphan(transaction, ino);
    return isDirectory && inode === undefined;
  });
}
