/**
 * `read`: drafts over extents over holes.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { Transaction } from "../vault/transaction.ts";
import { touchAccess } from "./access-time.ts";
import { blockContent, pageOf } from "./block-content.ts";
import { type Extent, extentEnd, pageOfRun, type RunExtent } from "./extent.ts";
import type { FilePlace, ReadOptions } from "./file-system.ts";
import { visitExtents } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { loadInode, requireFile } from "./inodes.ts";
import type { LaidOutFile } from "./layouts.ts";

/** A part of a file, bytes. */
export interface FileRange {
  readonly ino: number;
  readonly offset: number;
  readonly end: number;
}

/** What holes read as; never written. */
const ZEROS = new Uint8Array(PAGE_SIZE);

/**
 * Pages that are read whole need not stay in memory: who reads so much at a time goes on, or keeps it, as the kernel does.
 *
 * @see FileSystem.read
 */
export function read(
  context: FsContext,
  { ino, offset }: FilePlace,
  length: number,
  options: ReadOptions,
): MaybePromise<readonly Uint8Array[]> {
  if (offset < 0 || length < 0) {
    throw new FsError("EINVAL", `cannot read ${length} bytes from offset ${offset}`);
  }
  let whole: PagePointer[] = [];
  const pieces = context.view((transaction) => {
    const inode = loadInode(transaction, ino);
    requireFile(inode);
    const end = Math.min(offset + length, inode.size);
    if (offset >= end) return [];
    whole = [];
    const runs: RunExtent[] = [];
    const pieces = readRange(context, transaction, { ino, offset, end }, { whole, runs });
    const until = options.keepsAtime === true ? 0 : touchAccess(context, transaction, inode);
    giveLayout(context, transaction, { ino, size: inode.size, until }, runs);
    return pieces;
  });
  return chain(pieces, (read) => {
    if (whole.length > 0) context.vault.dismiss(whole);
    return read;
  });
}

/** Tells where whole pages stand, for those who read them past the file system. */
function giveLayout(
  { drafts, layouts }: FsContext,
  transaction: Transaction,
  file: LaidOutFile,
  runs: readonly RunExtent[],
): void {
  if (runs.length === 0 || file.until === 0 || !layouts.isWanted || drafts.has(file.ino)) return;
  transaction.onApplied(() => layouts.give(file, runs));
}

/** Takes what a read has found out on its way. */
interface Findings {
  /** Pages that all of was read. */
  readonly whole: PagePointer[];
  /** Whole pages, all or some of which were read. */
  readonly runs: RunExtent[];
}

/**
 * The content of a range, in order, borrowed.
 * @throws PageFault, RetryAfter, PageError
 */
export function readRange(
  context: FsContext,
  transaction: Transaction,
  range: FileRange,
  findings?: Findings,
): Uint8Array[] {
  const { ino, offset, end } = range;
  const first = Math.floor(offset / PAGE_SIZE);
  const last = Math.floor((end - 1) / PAGE_SIZE);
  const extents = extentsOf(context, transaction, { ino, first, end: last + 1 });
  const pieces: Uint8Array[] = [];
  let next = 0;
  findings?.runs.push(...extents.filter(isRun));
  for (let block = first; block <= last; block++) {
    while (next < extents.length && extentEnd(extents[next] as Extent) <= block) next++;
    const extent = extents[next];
    const start = block * PAGE_SIZE;
    const from = Math.max(offset - start, 0);
    const to = Math.min(end - start, PAGE_SIZE);
    context.fills.requirePart(ino, block, from, to);
    let part = context.drafts.content({ ino, block, at: from }, to);
    if (part === undefined && extent !== undefined && extent.block <= block) {
      part = blockContent(context, transaction, extent, block)?.subarray(from, to);
      const isWhole = from === 0 && to === PAGE_SIZE && extent.kind === "run";
      if (isWhole) findings?.whole.push(pageOfRun(extent, block));
    }
    appendPart(pieces, part, to - from);
  }
  return pieces;
}

function isRun(extent: Extent): extent is RunExtent {
  return extent.kind === "run";
}

/** Blocks of a file. */
interface BlockRange {
  readonly ino: number;
  readonly first: number;
  readonly end: number;
}

/** The extents that a read needs; their pages are asked for together. */
function extentsOf(context: FsContext, transaction: Transaction, range: BlockRange): Extent[] {
  const { ino, first, end } = range;
  const extents: Extent[] = [];
  if (end === first + 1 && context.drafts.get(ino, first) !== undefined) return extents;
  visitExtents(transaction, range, (extent) => {
    extents.push(extent);
    return true;
  });
  if (end > first + 1) prefetch(context, extents, range);
  return extents;
}

function prefetch(context: FsContext, extents: readonly Extent[], range: BlockRange): void {
  const wanted: Record<"data" | "pack", PagePointer[]> = { data: [], pack: [] };
  for (const extent of extents) {
    const end = Math.min(range.end, extentEnd(extent));
    for (let block = Math.max(range.first, extent.block); block < end; block++) {
      if (context.drafts.get(range.ino, block) !== undefined) continue;
      const page = pageOf(extent, block);
      if (page !== undefined) wanted[page.pageClass].push(page.pointer);
    }
  }
  if (wanted.data.length > 0) context.vault.prefetch("data", wanted.data);
  if (wanted.pack.length > 0) context.vault.prefetch("pack", wanted.pack);
}

/** Appends so many bytes of a block, of which `part` may be less or nothing; zeros follow. */
function appendPart(pieces: Uint8Array[], part: Uint8Array | undefined, length: number): void {
  if (part !== undefined && part.length > 0) pieces.push(part);
  const zeros = length - (part?.length ?? 0);
  if (zeros > 0) pieces.push(zeros === PAGE_SIZE ? ZEROS : ZEROS.subarray(0, zeros));
}
