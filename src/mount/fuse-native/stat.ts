/**
 * Attributes and figures in the form that fuse-native takes: times in milliseconds, most numbers in 32 bits.
 *
 * @module
 */
import { millisecondsOf } from "../../core/base/time.ts";
import type { Attributes, Statistics, Time } from "../../core/fs/file-system.ts";

/** What `getattr` answers. */
export interface Stat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly ino: number;
  readonly rdev: number;
  readonly blksize: number;
  readonly blocks: number;
  /** Milliseconds since the epoch, from 0 on. */
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
}

/** What `statfs` answers. */
export interface StatFs {
  readonly bsize: number;
  readonly frsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly namemax: number;
}

const BLOCK_SIZE = 4096;
const UINT32_MAX = 0xffff_ffff;

/** Attributes as fuse-native takes them. */
export function statOf(attributes: Attributes): Stat {
  const { mode, uid, gid, size, nlink, ino, rdev, blocks } = attributes;
  return {
    ...{ mode, uid, gid, size, nlink, ino, rdev, blocks, blksize: BLOCK_SIZE },
    atime: statTime(attributes.atime),
    mtime: statTime(attributes.mtime),
    ctime: statTime(attributes.ctime),
  };
}

/** Figures as fuse-native takes them: in larger blocks where their number would not fit. */
export function statFsOf({ blockSize, blocks, freeBlocks, inodes, nameMax }: Statistics): StatFs {
  let scale = 1;
  while (blocks / scale > UINT32_MAX) scale *= 2;
  const free = Math.floor(freeBlocks / scale);
  return {
    ...{ bsize: blockSize * scale, frsize: blockSize * scale },
    ...{ blocks: Math.floor(blocks / scale), bfree: free, bavail: free },
    ...{ files: Math.min(inodes, UINT32_MAX), namemax: nameMax },
  };
}

/** The time that many milliseconds after the epoch. */
export function timeOf(milliseconds: number): Time {
  const sec = Math.floor(milliseconds / 1000);
  return { sec, nsec: (milliseconds - sec * 1000) * 1_000_000 };
}

function statTime(time: Time): number {
  return Math.max(0, millisecondsOf(time));
}
