/**
 * Where consecutive pages stand in an object (FORMAT.md §8.2).
 *
 * An object is frames back to back, `page | CRC-32 of it u32`; an extent is a run of them whose addresses follow each
 * other within one segment. The checksum tells damage on the way without a key; intent is noticed when the page is
 * opened.
 *
 * @module
 */

/** Bytes behind each page in an object. */
export const FRAME_OVERHEAD = 4;

/** Bytes of a bitmap of dead pages. */
export const DEAD_BITMAP_SIZE = 16;

/** A run of pages in an object. */
export interface Extent {
  /** Address of the first page; the others follow, all in one segment. */
  readonly first: number;
  /** Bytes of each page, 1 to 127 of them. */
  readonly lengths: readonly number[];
  /** Where the first frame begins, bytes. */
  readonly offset: number;
  /** Bit `n` (lowest first) is set when page `n` is dead; undefined when all are live. */
  readonly dead: Uint8Array | undefined;
}

/** Where one page's frame stands. */
export interface FramePlace {
  readonly offset: number;
  /** Bytes of the page, without its checksum. */
  readonly length: number;
}

/** Bytes of a page of `length` bytes in an object. */
export function frameSize(length: number): number {
  return length + FRAME_OVERHEAD;
}

/** Bytes of all frames of an extent. */
export function extentSize(extent: Extent): number {
  return extent.lengths.reduce((sum, length) => sum + frameSize(length), 0);
}

/** Where the n-th page of an extent stands. */
export function frameAt(extent: Extent, n: number): FramePlace {
  let { offset } = extent;
  for (let i = 0; i < n; i++) offset += frameSize(extent.lengths[i] as number);
  return { offset, length: extent.lengths[n] as number };
}

/** Whether the n-th page of an extent is dead. */
export function isDead(extent: Extent, n: number): boolean {
  return extent.dead !== undefined && (((extent.dead[n >>> 3] as number) >>> (n & 7)) & 1) === 1;
}

/** The bitmap of an extent with one more dead page; a fresh array. */
export function withDead(extent: Extent, n: number): Uint8Array {
  const dead = extent.dead?.slice() ?? new Uint8Array(DEAD_BITMAP_SIZE);
  dead[n >>> 3] = (dead[n >>> 3] as number) | (1 << (n & 7));
  return dead;
}

/** The live pages of an extent by number. */
export function livePages(extent: Extent): number[] {
  const live: number[] = [];
  for (let n = 0; n < extent.lengths.length; n++) if (!isDead(extent, n)) live.push(n);
  return live;
}
