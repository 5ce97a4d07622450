/**
 * Where a record stands in a tree, or would stand: found once, used again to change it.
 *
 * A seat is a guess that costs little to check. Its leaf is the one of its key as long as the tree has kept its shape, and
 * its position the one of its key unless other records of the leaf came or went.
 *
 * @module
 */
import type { CachedPage } from "../pages/cached-page.ts";
import { findKey, isFoundAt, valueAt } from "./node.ts";

export interface Seat {
  readonly key: Uint8Array;
  readonly leaf: CachedPage;
  /** As {@link findKey} gave it. */
  readonly position: number;
  /** Of the tree when it was found. */
  readonly shape: number;
}

/** Value of the record that was found, borrowed; undefined where there was none. */
export function valueIn({ leaf, position }: Seat): Uint8Array | undefined {
  return position < 0 ? undefined : valueAt(leaf.payload, position);
}

/** Where a key stands in a leaf, as {@link findKey} says; it is looked for only where it is not as the seat says. */
export function positionOf(leaf: Uint8Array, key: Uint8Array, seat: Seat | undefined): number {
  if (seat !== undefined && isFoundAt(leaf, seat.position, key)) return seat.position;
  return findKey(leaf, key);
}
