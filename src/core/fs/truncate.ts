/**
 * Changing the size of a file.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { FILE_SIZE_MAX, PAGE_SIZE } from "../base/limits.ts";
import type { Transaction } from "../vault/transaction.ts";
import { blockContent } from "./block-content.ts";
import { findExtent } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { requireFile } from "./inodes.ts";
import { finishTrimming, trimToSize } from "./trim.ts";

/**
 * Gives a file another size: what is cut off is gone, what is added reads as zeros. What was reserved beyond the end is
 * given back unless the file grows, as Linux's file systems have it. The caller sets times, saves the inode, and does
 * nothing that can fail afterwards.
 *
 * @param inode - under edit
 * @returns whether all extents beyond the new size are gone; else `trim` has to go on
 * @throws FsError EISDIR, EINVAL, EFBIG; PageFault, RetryAfter, PageError
 */
export function resize(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
  size: number,
): boolean {
  requireFile(inode);
  if (size < 0) throw new FsError("EINVAL", `a file cannot have ${size} bytes`);
  if (size > FILE_SIZE_MAX) {
    throw new FsError("EFBIG", `inode ${inode.ino} would grow beyond ${FILE_SIZE_MAX} bytes`);
  }
  if (size > inode.size) finishTrimming(context, inode);
  const isPreallocated = inode.has(InodeFlag.preallocated);
  if (size > inode.size || (size === inode.size && !isPreallocated)) {
    inode.size = size;
    return true;
  }
  const within = size % PAGE_SIZE;
  const tail = Math.floor(size / PAGE_SIZE);
  if (within > 0) context.fills.require(inode.ino, tail);
  const kept = within === 0 ? undefined : keptTail(context, transaction, inode, size);
  inode.size = size;
  inode.mark(InodeFlag.preallocated, false);
  const isDone = trimToSize(context, transaction, inode);
  const { ino } = inode;
  context.drafts.dropRange(ino, Math.ceil(size / PAGE_SIZE), Number.POSITIVE_INFINITY);
  context.drafts.zero(ino, tail, within, PAGE_SIZE);
  if (kept !== undefined) {
    context.drafts.write({ ino, block: tail, at: 0 }, kept, { isUnmapped: false });
  }
  return isDone;
}

/**
 * What is left of the block that the new size falls into, when its extent holds more than that: it becomes a draft, so
 * that no byte of the old content comes back when the file grows again.
 */
function keptTail(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
  size: number,
): Uint8Array | undefined {
  const tail = Math.floor(size / PAGE_SIZE);
  if (context.drafts.get(inode.ino, tail) !== undefined) return undefined;
  const extent = findExtent(transaction, inode.ino, tail);
  if (extent === undefined) return undefined;
  const content = blockContent(context, transaction, extent, tail);
  const within = size % PAGE_SIZE;
  return content !== undefined && content.length > within ? content.subarray(0, within) : undefined;
}
