/**
 * `copy_file_range(2)`: whole blocks at the same place within a block are shared, the rest is copied through drafts.
 *
 * What is shared has back references from its pages to all its users (FORMAT.md §7.4, §7.7); the last of them takes the
 * pages along.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { FsError } from "../base/errors.ts";
import { FILE_SIZE_MAX, PAGE_SIZE } from "../base/limits.ts";
import type { Transaction } from "../vault/transaction.ts";
import { touchAccess } from "./access-time.ts";
import { EDIT_BUDGET, ExtentEditor } from "./extent-editor.ts";
import { readRange } from "./file-read.ts";
import type { FilePlace } from "./file-system.ts";
import { writeInto } from "./file-write.ts";
import type { Flusher } from "./flusher.ts";
import type { FsContext } from "./fs-context.ts";
import type { InodeRecord } from "./inode-record.ts";
import { editInode, loadInode, requireFile, saveInode } from "./inodes.ts";
import { PageReferences } from "./page-references.ts";
import { finishTrimming } from "./trim.ts";

/** Bytes copied in one transaction where nothing can be shared. */
const COPY_BYTES = 16 * PAGE_SIZE;

/** A range to copy. */
export interface Copy {
  readonly from: FilePlace;
  readonly to: FilePlace;
  readonly length: number;
}

/** @see FileSystem.copyFileRange */
export async function copyFileRange(
  context: FsContext,
  flusher: Flusher,
  copy: Copy,
): Promise<number> {
  checkCopy(copy);
  const { from, to } = copy;
  if (context.drafts.has(from.ino)) await flusher.flushFile(from.ino);
  // Where the target is the source, copying must not go on into what was just copied.
  const length = await context.view((transaction) => {
    const source = loadInode(transaction, from.ino);
    requireFile(source);
    return Math.min(copy.length, Math.max(0, source.size - from.offset));
  });
  let copied = 0;
  while (copied < length) {
    const done = copied;
    const step = await context.change((transaction) =>
      copyStep(context, transaction, {
        from: { ino: from.ino, offset: from.offset + done },
        to: { ino: to.ino, offset: to.offset + done },
        length: length - done,
      }),
    );
    if (step === 0) break;
    copied += step;
    await flusher.relieve(to.ino);
  }
  return copied;
}

function checkCopy(copy: Copy): void {
  const { from, to, length } = copy;
  if (from.offset < 0 || to.offset < 0 || length < 0) {
    throw new FsError("EINVAL", `cannot copy ${length} bytes from ${from.offset} to ${to.offset}`);
  }
  if (to.offset + length > FILE_SIZE_MAX) {
    throw new FsError("EFBIG", `inode ${to.ino} would grow beyond ${FILE_SIZE_MAX} bytes`);
  }
  if (from.ino === to.ino && Math.abs(from.offset - to.offset) < length) {
    throw new FsError("EINVAL", `the ranges overlap in inode ${from.ino}`);
  }
}

/** Copies what one transaction may. @returns bytes copied; 0 when all was */
function copyStep(context: FsContext, transaction: Transaction, copy: Copy): number {
  const { from, to } = copy;
  const source = loadInode(transaction, from.ino);
  requireFile(source);
  const target = editInode(transaction, to.ino);
  requireFile(target);
  const left = Math.min(copy.length, source.size - from.offset);
  if (left <= 0) return 0;
  if (from.ino !== to.ino) touchAccess(context, transaction, source);
  const within = from.offset % PAGE_SIZE;
  if (within !== to.offset % PAGE_SIZE) {
    return copyBytes(context, transaction, target, { ...copy, length: Math.min(left, COPY_BYTES) });
  }
  const whole = within === 0 ? Math.floor(left / PAGE_SIZE) : 0;
  const shared = whole === 0 ? 0 : shareBlocks(context, transaction, target, { copy, whole });
  if (shared > 0) return shared * PAGE_SIZE;
  const length = Math.min(left, PAGE_SIZE - within);
  return copyBytes(context, transaction, target, { ...copy, length });
}

function copyBytes(
  context: FsContext,
  transaction: Transaction,
  target: InodeRecord,
  copy: Copy,
): number {
  const { ino, offset } = copy.from;
  const parts = readRange(context, transaction, { ino, offset, end: offset + copy.length });
  const data = concatBytes(...parts);
  writeInto(context, transaction, target, { offset: copy.to.offset, data });
  return copy.length;
}

/**
 * Lets the target have the blocks of the source, as many as one transaction may move.
 * @returns blocks shared; 0 when the first is a draft
 */
function shareBlocks(
  context: FsContext,
  transaction: Transaction,
  target: InodeRecord,
  asked: { readonly copy: Copy; readonly whole: number },
): number {
  const { from, to } = asked.copy;
  const first = from.offset / PAGE_SIZE;
  const targetFirst = to.offset / PAGE_SIZE;
  const [draft] = context.drafts.blocks(from.ino, first, first + asked.whole);
  if (draft === first) return 0;
  const references = new PageReferences(transaction);
  const sources = new ExtentEditor(transaction, from.ino, references);
  const isSame = from.ino === to.ino;
  const targets = isSame ? sources : new ExtentEditor(transaction, to.ino, references);
  const loaded = sources.load(first, draft ?? first + asked.whole, EDIT_BUDGET) - first;
  const count = targets.load(targetFirst, targetFirst + loaded, EDIT_BUDGET) - targetFirst;
  const end = (targetFirst + count) * PAGE_SIZE;
  if (end > target.size) finishTrimming(context, target);
  const shared = sources.share(first, first + count);
  targets.clear(targetFirst, targetFirst + count);
  for (const extent of shared) {
    if (extent.kind === "reserved") continue;
    targets.put({ ...extent, block: extent.block - first + targetFirst });
  }
  if (!isSame) sources.save();
  target.mappedBlocks += targets.save();
  references.settle();
  target.size = Math.max(target.size, end);
  context.stampContent(target);
  saveInode(transaction, target);
  context.drafts.dropRange(to.ino, targetFirst, targetFirst + count);
  return count;
}
