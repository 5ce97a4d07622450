/**
 * `statvfs(3)`.
 *
 * @module
 */
import { NAME_MAX, PAGE_SIZE } from "../base/limits.ts";
import type { Statistics } from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";

/** Unit of the block counts, bytes: what programs expect, not what a page is. */
const BLOCK_SIZE = 4096;

/** @see FileSystem.statfs */
export function statfs(context: FsContext): Statistics {
  const { totalPages } = context.vault.space();
  return {
    blockSize: BLOCK_SIZE,
    blocks: totalPages * (PAGE_SIZE / BLOCK_SIZE),
    freeBlocks: Math.floor(context.room.freeBytes / BLOCK_SIZE),
    inodes: context.vault.inodes - context.forgotten.size,
    nameMax: NAME_MAX,
  };
}
