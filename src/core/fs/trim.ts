/**
 * Removing the extents beyond a block, a bounded part of them per transaction.
 *
 * A file is as short as its size says from the first transaction on. What is left stands beyond the size and is
 * marked by {@link InodeFlag.trimming} and an orphan record; it is gone before the size may grow again.
 *
 * @module
 */
import { PAGE_SIZE } from "../base/limits.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { Transaction } from "../vault/transaction.ts";
import { BLOCK_END } from "./extent.ts";
import { EDIT_BUDGET, ExtentEditor } from "./extent-editor.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { editInodeIfThere, saveInode } from "./inodes.ts";
import { deleteOrphan, putOrphan } from "./orphan-record.ts";
import { PageReferences } from "./page-references.ts";
import { RetryAfter } from "./retry-after.ts";
import { untilDone } from "./until-done.ts";

/**
 * Removes extents from a block on.
 *
 * @param inode - under edit; its count of mapped blocks is corrected
 * @returns whether all are gone; else another transaction has to go on
 */
export function trimExtents(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
  first: number,
): boolean {
  const references = new PageReferences(transaction);
  const editor = new ExtentEditor(transaction, inode.ino, references);
  const until = editor.load(first, BLOCK_END, EDIT_BUDGET);
  editor.clear(first, until);
  inode.mappedBlocks += editor.save();
  references.settle();
  context.room.freed();
  return until === BLOCK_END;
}

/**
 * Removes the extents beyond the size of an inode under edit.
 * @returns whether all are gone; else {@link trim} has to go on, and the inode says so
 */
export function trimToSize(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
): boolean {
  const first = Math.ceil(inode.size / PAGE_SIZE);
  const isDone = trimExtents(context, transaction, inode, first);
  const wasTrimming = inode.has(InodeFlag.trimming);
  inode.mark(InodeFlag.trimming, !isDone);
  if (!isDone) putOrphan(transaction, inode.ino);
  else if (wasTrimming && inode.nlink > 0) deleteOrphan(transaction, inode.ino);
  return isDone;
}

/** Goes on until nothing stands beyond the size of an inode. */
export function trim(context: FsContext, ino: number): MaybePromise<void> {
  const step = (transaction: Transaction): boolean => {
    const inode = editInodeIfThere(transaction, ino);
    if (inode === undefined || !inode.has(InodeFlag.trimming)) return true;
    const isDone = trimToSize(context, transaction, inode);
    saveInode(transaction, inode);
    return isDone;
  };
  return untilDone(() => context.change(step));
}

/**
 * To be called before blocks beyond the size come into use.
 * @throws RetryAfter while dead extents are left there
 */
export function finishTrimming(context: FsContext, inode: InodeRecord): void {
  const { ino } = inode;
  if (inode.has(InodeFlag.trimming)) throw new RetryAfter(async () => trim(context, ino));
}
