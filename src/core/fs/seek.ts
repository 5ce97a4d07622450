/**
 * `lseek` with SEEK_DATA and SEEK_HOLE: written blocks and drafts are data; holes and reserved blocks are not.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { Transaction } from "../vault/transaction.ts";
import { extentEnd } from "./extent.ts";
import type { FilePlace } from "./file-system.ts";
import { visitExtents } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { loadInode, requireFile } from "./inodes.ts";

/** @see FileSystem.lseek */
export function lseek(
  context: FsContext,
  place: FilePlace,
  whence: "data" | "hole",
): MaybePromise<number> {
  const { ino, offset } = place;
  return context.view((transaction) => {
    const inode = loadInode(transaction, ino);
    requireFile(inode);
    const { size } = inode;
    if (offset < 0 || offset >= size) {
      throw new FsError(
        "ENXIO",
        `offset ${offset} is not within the ${size} bytes of inode ${ino}`,
      );
    }
    const blocks = { ino, first: Math.floor(offset / PAGE_SIZE), end: Math.ceil(size / PAGE_SIZE) };
    const find = whence === "data" ? firstData : firstHole;
    const block = find(context, transaction, blocks);
    if (block < blocks.end) return Math.max(offset, block * PAGE_SIZE);
    if (whence === "hole") return size;
    throw new FsError("ENXIO", `no data behind offset ${offset} of inode ${ino}`);
  });
}

/** Blocks of a file. */
interface BlockRange {
  readonly ino: number;
  readonly first: number;
  readonly end: number;
}

/** The first block with data, or the end of the range. */
function firstData(context: FsContext, transaction: Transaction, range: BlockRange): number {
  const { ino, first, end } = range;
  const [draft] = context.drafts.blocks(ino, first, end);
  let found = draft ?? end;
  visitExtents(transaction, { ino, first, end: found }, (extent) => {
    if (extent.kind === "reserved") return true;
    found = Math.min(found, Math.max(extent.block, first));
    return false;
  });
  return found;
}

/** The first block without data, or the end of the range. */
function firstHole(context: FsContext, transaction: Transaction, range: BlockRange): number {
  const { ino, first, end } = range;
  const drafts = new Set(context.drafts.blocks(ino, first, end));
  let block = first;
  const passDrafts = (): void => {
    while (drafts.has(block)) block += 1;
  };
  passDrafts();
  visitExtents(transaction, range, (extent) => {
    if (extentEnd(extent) <= block) return true;
    if (extent.block > block || extent.kind === "reserved") return false;
    block = extentEnd(extent);
    passDrafts();
    return true;
  });
  return Math.min(block, end);
}
