/**
 * `write`: bytes go into drafts, only size and times into the tree.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { FILE_SIZE_MAX, PAGE_SIZE } from "../base/limits.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { Transaction } from "../vault/transaction.ts";
import { blockContent } from "./block-content.ts";
import type { BlockBefore } from "./drafts.ts";
import { type Extent, extentEnd, pageOfRun } from "./extent.ts";
import type { FilePlace, WriteOptions } from "./file-system.ts";
import { visitExtents } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { editInode, requireFile, saveInode } from "./inodes.ts";
import { killPrivileges } from "./privileges.ts";
import { RetryAfter } from "./retry-after.ts";
import { finishTrimming } from "./trim.ts";

const UNMAPPED: BlockBefore = { isUnmapped: true };
const MAPPED: BlockBefore = { isUnmapped: false };

/** @see FileSystem.write */
export function write(
  context: FsContext,
  place: FilePlace,
  data: Uint8Array,
  options: WriteOptions,
): MaybePromise<number> {
  const { ino, offset } = place;
  if (offset < 0) throw new FsError("EINVAL", `cannot write at offset ${offset}`);
  if (offset + data.length > FILE_SIZE_MAX) {
    throw new FsError("EFBIG", `inode ${ino} would grow beyond ${FILE_SIZE_MAX} bytes`);
  }
  let source = data;
  const done = context.change((transaction) => {
    const inode = editInode(transaction, ino);
    requireFile(inode);
    const { killPrivileges: loss } = options;
    if (loss !== undefined) killPrivileges(transaction, inode, loss);
    writeInto(context, transaction, inode, { offset, data: source });
  });
  if (isPending(done)) source = new Uint8Array(data);
  return chain(done, () => data.length);
}

/** Bytes and where they go. */
export interface Patch {
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Writes into an inode under edit and saves it; the last thing its transaction function does.
 * @throws FsError ENOSPC; PageFault, RetryAfter, PageError
 */
export function writeInto(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
  patch: Patch,
): void {
  const { offset, data } = patch;
  if (data.length === 0) return;
  const { settling } = context.vault;
  if (settling !== undefined) throw new RetryAfter(() => settling);
  const end = offset + data.length;
  if (end > inode.size) finishTrimming(context, inode);
  const before = blocksBefore(context, transaction, inode, patch);
  context.room.require(growth(context, inode.ino, { offset, end, before }));
  if (end > inode.size) inode.size = end;
  context.stampContent(inode);
  saveInode(transaction, inode);
  context.attributes.recall(inode.ino);
  const first = Math.floor(offset / PAGE_SIZE);
  for (let block = first; block * PAGE_SIZE < end; block++) {
    const start = block * PAGE_SIZE;
    const at = Math.max(offset - start, 0);
    const part = data.subarray(start + at - offset, Math.min(end, start + PAGE_SIZE) - offset);
    const { ino } = inode;
    context.drafts.write({ ino, block, at }, part, before?.[block - first] ?? UNMAPPED);
  }
  context.drafts.stream(inode.ino, offset, end);
  context.attributes.tellWhenMade(transaction, inode);
  context.vault.markDirty();
}

/** What is about to be written, and what the blocks are now, where that is known. */
interface Span {
  readonly offset: number;
  readonly end: number;
  readonly before: readonly BlockBefore[] | undefined;
}

/** Bytes by which what drafts take in the store will grow. */
function growth(context: FsContext, ino: number, { offset, end, before }: Span): number {
  let bytes = 0;
  const first = Math.floor(offset / PAGE_SIZE);
  for (let block = first; block * PAGE_SIZE < end; block++) {
    const isUnread = before?.[block - first]?.unread !== undefined;
    const length = isUnread ? PAGE_SIZE : Math.min(end - block * PAGE_SIZE, PAGE_SIZE);
    bytes += context.drafts.growth(ino, block, length);
  }
  return bytes;
}

/** What the blocks of a patch are now, from its first one on; undefined when all lie beyond the end of the file. */
function blocksBefore(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
  patch: Patch,
): readonly BlockBefore[] | undefined {
  const { ino, size } = inode;
  const end = patch.offset + patch.data.length;
  const first = Math.floor(patch.offset / PAGE_SIZE);
  const last = Math.floor((end - 1) / PAGE_SIZE);
  if (first * PAGE_SIZE >= size && !inode.has(InodeFlag.preallocated)) return undefined;
  const draft = first === last ? context.drafts.get(ino, first) : undefined;
  if (draft !== undefined) {
    context.fills.requireFew(draft);
    return undefined;
  }
  const before: BlockBefore[] = new Array<BlockBefore>(last + 1 - first).fill(UNMAPPED);
  const keepsHead = patch.offset > first * PAGE_SIZE;
  const keepsTail = end < Math.min(size, (last + 1) * PAGE_SIZE);
  visitExtents(transaction, { ino, first, end: last + 1 }, (extent) => {
    const to = Math.min(extentEnd(extent), last + 1);
    for (let block = Math.max(extent.block, first); block < to; block++) {
      const isKept = (keepsHead && block === first) || (keepsTail && block === last);
      before[block - first] = isKept ? keep(context, transaction, { ino, extent, block }) : MAPPED;
    }
    return true;
  });
  return before;
}

/** A block that a patch covers in part only. */
interface KeptBlock {
  readonly ino: number;
  readonly extent: Extent;
  readonly block: number;
}

function keep(context: FsContext, transaction: Transaction, kept: KeptBlock): BlockBefore {
  const { ino, extent, block } = kept;
  if (context.drafts.get(ino, block) !== undefined) return MAPPED;
  const page = extent.kind === "run" ? pageOfRun(extent, block) : undefined;
  if (page !== undefined && context.fills.hasRoom && transaction.distance(page) === "near") {
    return { unread: { page }, isUnmapped: false };
  }
  const content = blockContent(context, transaction, extent, block);
  return content === undefined ? MAPPED : { content, isUnmapped: false };
}
