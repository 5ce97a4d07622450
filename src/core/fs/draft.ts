/**
 * A block that was written and is not yet in the tree.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import type { BlockParts } from "./block-parts.ts";

/** One written block. */
export interface Draft {
  readonly bytes: Uint8Array;
  /** Bytes of content; zeros follow. */
  readonly length: number;
  /** No extent stands beneath, so the block counts as newly mapped. */
  readonly isUnmapped: boolean;
  /** Present as long as only parts of the block are there; `bytes` is empty then. */
  readonly unfilled: Unfilled | undefined;
}

/** What is known of a block that was written in part, while the rest of it stands in a page that was not read yet. */
export interface Unfilled {
  /** The page beneath, where it is known. It stays where it is as far as this session does not move pages. */
  readonly page: PagePointer | undefined;
  /** What was written of the block. */
  readonly parts: BlockParts;
}

/** A draft and whose it is. */
export interface PlacedDraft extends Draft {
  readonly ino: number;
  readonly block: number;
}
