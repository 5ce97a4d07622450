/**
 * `fallocate(2)`: reserving, punching and zeroing ranges.
 *
 * Reserved blocks read as zeros and count in `st_blocks`; there was room for them when they were reserved, but since
 * nothing live is ever overwritten, a later write needs fresh pages all the same. Collapsing and inserting ranges is
 * refused: every extent behind the range would have to move in one step, and Linux passes neither on to FUSE.
 *
 * A long range is worked through in several transactions; at every byte the file is always as it was or as it is to be.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { FILE_SIZE_MAX, PAGE_SIZE } from "../base/limits.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { Transaction } from "../vault/transaction.ts";
import { blockContent } from "./block-content.ts";
import { EDIT_BUDGET, ExtentEditor } from "./extent-editor.ts";
import type { FallocateMode } from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeFlag, type InodeRecord } from "./inode-record.ts";
import { editInode, saveInode } from "./inodes.ts";
import { PageReferences } from "./page-references.ts";
import { finishTrimming } from "./trim.ts";
import { untilDone } from "./until-done.ts";

/** A range of a file, bytes. */
export interface ByteRange {
  readonly ino: number;
  readonly offset: number;
  readonly length: number;
}

/** What becomes of a range. */
interface Plan {
  readonly ino: number;
  readonly offset: number;
  readonly end: number;
  readonly keepSize: boolean;
  /** What is there becomes zeros. */
  readonly zeroes: boolean;
  /** Holes become reserved. */
  readonly reserves: boolean;
}

/** @see FileSystem.fallocate */
export function fallocate(
  context: FsContext,
  range: ByteRange,
  mode: FallocateMode,
): MaybePromise<void> {
  const plan = planOf(range, mode);
  let next = Math.floor(plan.offset / PAGE_SIZE);
  return untilDone(() => {
    const from = next;
    const step = context.change((transaction) => workThrough(context, transaction, plan, from));
    return chain(step, (until) => {
      next = until;
      return until === Math.ceil(plan.end / PAGE_SIZE);
    });
  });
}

function planOf(range: ByteRange, mode: FallocateMode): Plan {
  const { ino, offset, length } = range;
  const { operation, keepSize } = mode;
  if (offset < 0 || length <= 0) {
    throw new FsError("EINVAL", `cannot allocate ${length} bytes at offset ${offset}`);
  }
  const end = offset + length;
  if (end > FILE_SIZE_MAX) {
    throw new FsError("EFBIG", `inode ${ino} would grow beyond ${FILE_SIZE_MAX} bytes`);
  }
  if (operation === "collapse-range" || operation === "insert-range") {
    throw new FsError("EOPNOTSUPP", `${operation} is not supported`);
  }
  if (operation === "punch-hole" && !keepSize) {
    throw new FsError("EOPNOTSUPP", "punching a hole keeps the size");
  }
  const zeroes = operation !== "allocate";
  return { ino, offset, end, keepSize, zeroes, reserves: operation !== "punch-hole" };
}

function requireAllocatable(inode: InodeRecord): void {
  if (inode.isFile) return;
  if (inode.isDirectory) throw new FsError("EISDIR", `inode ${inode.ino} is a directory`);
  throw new FsError("ENODEV", `inode ${inode.ino} is no regular file`);
}

/**
 * Does one transaction's share of a plan, from a block on.
 * @returns the block to go on from
 */
function workThrough(
  context: FsContext,
  transaction: Transaction,
  plan: Plan,
  from: number,
): number {
  const { ino } = plan;
  const inode = editInode(transaction, ino);
  requireAllocatable(inode);
  if (plan.end > inode.size) finishTrimming(context, inode);
  const references = new PageReferences(transaction);
  const editor = new ExtentEditor(transaction, ino, references);
  const last = Math.ceil(plan.end / PAGE_SIZE);
  const until = editor.load(from, last, EDIT_BUDGET);
  const blocks = new RangeBlocks(plan, inode.size, { from, until });
  const edges = plan.zeroes ? blocks.edges(context, transaction, editor) : [];
  if (plan.zeroes) editor.clear(blocks.wholeFirst, blocks.wholeEnd);
  if (plan.reserves) editor.reserve(from, until);
  const change = editor.save();
  if (plan.reserves) context.room.require(Math.max(0, change) * PAGE_SIZE);
  references.settle();
  inode.mappedBlocks += change;
  if (until === last) finish(context, inode, plan);
  saveInode(transaction, inode);
  if (plan.zeroes) context.drafts.dropRange(ino, blocks.wholeFirst, blocks.wholeEnd);
  for (const edge of edges) zeroEdge(context, ino, edge);
  if (plan.reserves) context.drafts.markMapped(ino, from, until);
  return until;
}

/** Size and times, once all blocks are done. */
function finish(context: FsContext, inode: InodeRecord, plan: Plan): void {
  context.room.freed();
  context.stampContent(inode);
  if (!plan.keepSize && plan.end > inode.size) inode.size = plan.end;
  if (plan.reserves && plan.end > inode.size) inode.mark(InodeFlag.preallocated, true);
}

/** Bytes of one block that become zeros. */
interface Edge {
  readonly block: number;
  readonly from: number;
  readonly to: number;
  /** What the block holds, when it has no draft; borrowed. */
  readonly content: Uint8Array | undefined;
}

/** The blocks of a window of a plan: which lie in the range whole, and which in part. */
class RangeBlocks {
  readonly wholeFirst: number;
  readonly wholeEnd: number;
  readonly #plan: Plan;
  readonly #window: { readonly from: number; readonly until: number };

  constructor(plan: Plan, size: number, window: { readonly from: number; readonly until: number }) {
    // Behind the end of the file there are only zeros, so a last block may be taken as whole.
    const end =
      plan.end >= size ? Math.ceil(plan.end / PAGE_SIZE) : Math.floor(plan.end / PAGE_SIZE);
    const first = Math.ceil(plan.offset / PAGE_SIZE);
    this.#plan = plan;
    this.#window = window;
    this.wholeFirst = Math.min(Math.max(first, window.from), window.until);
    this.wholeEnd = Math.max(Math.min(end, window.until), this.wholeFirst);
  }

  /** The blocks that lie in the range in part. */
  edges(context: FsContext, transaction: Transaction, editor: ExtentEditor): readonly Edge[] {
    const { ino, offset, end } = this.#plan;
    const head = Math.floor(offset / PAGE_SIZE);
    const tail = Math.floor((end - 1) / PAGE_SIZE);
    const edges: Edge[] = [];
    for (const block of new Set([head, tail])) {
      const isWhole = block >= this.wholeFirst && block < this.wholeEnd;
      const isHere = block >= this.#window.from && block < this.#window.until;
      if (isWhole || !isHere) continue;
      context.fills.require(ino, block);
      const extent = editor.at(block);
      const hasContent = extent !== undefined && context.drafts.get(ino, block) === undefined;
      const content = hasContent ? blockContent(context, transaction, extent, block) : undefined;
      const from = Math.max(0, offset - block * PAGE_SIZE);
      edges.push({ block, from, to: Math.min(PAGE_SIZE, end - block * PAGE_SIZE), content });
    }
    return edges;
  }
}

function zeroEdge(context: FsContext, ino: number, edge: Edge): void {
  const { block, from, to, content } = edge;
  if (content !== undefined) {
    if (content.length <= from) return;
    context.drafts.write({ ino, block, at: 0 }, content, { isUnmapped: false });
  }
  context.drafts.zero(ino, block, from, to);
}
