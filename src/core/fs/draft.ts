/**
 * A block that was written and is not yet in the tree.
 *
 * @module
 */

/** One written block. */
export interface Draft {
  readonly bytes: Uint8Array;
  /** Bytes of content; zeros follow. */
  readonly length: number;
  /** No extent stands beneath, so the block counts as newly mapped. */
  readonly isUnmapped: boolean;
}

/** A draft and whose it is. */
export interface PlacedDraft extends Draft {
  readonly ino: number;
  readonly block: number;
}
