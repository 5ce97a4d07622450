/**
 * Finding the extents of a file in the tree.
 *
 * @module
 */
import { getU48 } from "../base/bytes.ts";
import { extentKey, KEY_PREFIX } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { BLOCK_END, decodeExtent, type Extent, extentEnd } from "./extent.ts";

/** Asked for each extent found; false ends the search. */
export type ExtentVisitor = (extent: Extent) => boolean;

/** Block a key of kind extent begins at. */
function blockOf(key: Uint8Array): number {
  return getU48(key, KEY_PREFIX);
}

/** The extent that a block stands in; changes of this transaction are not seen. */
export function findExtent(
  transaction: Transaction,
  ino: number,
  block: number,
): Extent | undefined {
  const record = transaction.last(extentKey(ino, 0), extentKey(ino, block));
  if (record === undefined) return undefined;
  const extent = decodeExtent(blockOf(record.key), record.value);
  return extentEnd(extent) > block ? extent : undefined;
}

/** Visits the extents that stand at `first <= block < end`, in order, whole also where they reach beyond. */
export function visitExtents(
  transaction: Transaction,
  place: { readonly ino: number; readonly first: number; readonly end: number },
  visit: ExtentVisitor,
): void {
  const { ino, first, end } = place;
  let from = 0;
  // What stands at block 0 begins there.
  if (first > 0) {
    const head = findExtent(transaction, ino, first);
    if (head !== undefined && (!visit(head) || extentEnd(head) >= end)) return;
    from = first + 1;
  }
  if (from >= end) return;
  const to = extentKey(ino, Math.min(end, BLOCK_END));
  transaction.scan(extentKey(ino, from), to, (key, value) =>
    visit(decodeExtent(blockOf(key), value)),
  );
}
