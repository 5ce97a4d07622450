/**
 * Reading more than one record of a tree, from the node of a level down.
 *
 * @module
 */
import { compareBytes } from "../base/bytes.ts";
import type { PagePointer } from "../format/address.ts";
import { childAt, countOf, findChild, findKey, keyAt, valueAt } from "./node.ts";

/** The bytes of a node, borrowed. @throws PageFault */
type NodeAt = (pointer: PagePointer, level: number) => Uint8Array;

/** Receives records in order; returns false to stop. Arrays are borrowed. */
export type Visit = (key: Uint8Array, value: Uint8Array) => boolean;

/** A visit of the records with `from <= key < to`. */
export interface Range {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly visit: Visit;
}

/** Visits the records of a range that stand below a node. @returns whether to go on behind it */
export function walkRange(
  nodeAt: NodeAt,
  pointer: PagePointer,
  level: number,
  range: Range,
): boolean {
  const node = nodeAt(pointer, level);
  if (level === 0) return visitLeaf(node, range);
  const count = countOf(node);
  const first = findChild(node, range.from);
  for (let position = first; position < count; position++) {
    if (position > first && compareBytes(keyAt(node, position), range.to) >= 0) return false;
    if (!walkRange(nodeAt, childAt(node, position), level - 1, range)) return false;
  }
  return true;
}

function visitLeaf(leaf: Uint8Array, { from, to, visit }: Range): boolean {
  const found = findKey(leaf, from);
  for (let position = found < 0 ? ~found : found; position < countOf(leaf); position++) {
    const key = keyAt(leaf, position);
    if (compareBytes(key, to) >= 0) return false;
    if (!visit(key, valueAt(leaf, position))) return false;
  }
  return true;
}

/** The last record below a node with `key <= to`; fresh arrays. */
export function lastBefore(
  nodeAt: NodeAt,
  pointer: PagePointer,
  level: number,
  to: Uint8Array,
): { key: Uint8Array; value: Uint8Array } | undefined {
  const node = nodeAt(pointer, level);
  if (level > 0) {
    for (let position = findChild(node, to); position >= 0; position--) {
      const record = lastBefore(nodeAt, childAt(node, position), level - 1, to);
      if (record !== undefined) return record;
    }
    return undefined;
  }
  const found = findKey(node, to);
  const position = found < 0 ? ~found - 1 : found;
  if (position < 0) return undefined;
  return { key: keyAt(node, position).slice(), value: valueAt(node, position).slice() };
}
