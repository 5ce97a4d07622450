/**
 * A block that was written and is not yet in the tree.
 *
 * @module
 */

/** A part of a block. */
export interface DraftPart {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** One written block. */
export interface Draft {
  readonly bytes: Uint8Array;
  /** Bytes of content; zeros follow. */
  readonly length: number;
  /** No extent stands beneath, so the block counts as newly mapped. */
  readonly isUnmapped: boolean;
  /** What was written over what stands beneath, later ones over earlier ones; undefined when `bytes` are the content. */
  readonly parts: readonly DraftPart[] | undefined;
}

/** A draft and whose it is. */
export interface PlacedDraft extends Draft {
  readonly ino: number;
  readonly block: number;
}

/**
 * Parts over what stands beneath.
 *
 * @param content - shorter than a block where zeros follow
 * @param room - for a block; filled
 * @returns the begin of `room`, as long as there is content
 */
export function overlay(
  content: Uint8Array,
  parts: readonly DraftPart[],
  room: Uint8Array,
): Uint8Array {
  let length = content.length;
  for (const { at, bytes } of parts) length = Math.max(length, at + bytes.length);
  const block = room.subarray(0, length);
  block.set(content);
  block.fill(0, content.length);
  for (const { at, bytes } of parts) block.set(bytes, at);
  return block;
}
