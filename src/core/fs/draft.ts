/**
 * A block that was written and is not yet in the tree.
 *
 * @module
 */
import type { ByteRanges } from "../base/byte-ranges.ts";
import type { PagePointer } from "../format/address.ts";

/** One written block. */
export interface Draft {
  readonly bytes: Uint8Array;
  /** Bytes of content; zeros follow. */
  readonly length: number;
  /** No extent stands beneath, so the block counts as newly mapped. */
  readonly isUnmapped: boolean;
  /** Present as long as only a part of the block is in `bytes`. */
  readonly unfilled: Unfilled | undefined;
}

/** What is known of a block that was written in part, while the rest of it stands in a page that was not read yet. */
export interface Unfilled {
  /** The page beneath. It stays where it is as far as this session does not move pages. */
  readonly page: PagePointer;
  /** Which bytes of the block were written. */
  readonly written: ByteRanges;
}

/** A draft and whose it is. */
export interface PlacedDraft extends Draft {
  readonly ino: number;
  readonly block: number;
}
