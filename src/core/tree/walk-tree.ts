/**
 * A walk over all nodes of a tree that goes on where one is damaged: for checking and mending.
 *
 * Unlike {@link Tree}, which trusts the order of what authenticates, a walk looks at every key: it must rise, and stand
 * within the bounds that the nodes above give.
 *
 * @module
 */

import { compareBytes } from "../base/bytes.ts";
import { FormatError, isDamage, type PageError } from "../base/errors.ts";
import type { PagePointer } from "../format/address.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import { checkNode, childAt, countOf, keyAt, valueAt } from "./node.ts";
import type { NodePlace, TreeRoot } from "./tree.ts";

/** Where a node stands, and where it ends. */
export interface WalkedPlace extends NodePlace {
  /** Every key below the node is smaller; undefined at the right edge. */
  readonly to: Uint8Array | undefined;
}

/** A node that opens; its payload is borrowed until the next step. */
export interface NodeStep extends WalkedPlace {
  readonly payload: Uint8Array;
  readonly damage?: undefined;
}

/** A node that does not open or makes no sense: what is below it is lost. */
export interface DamagedStep extends WalkedPlace {
  readonly damage: PageError | FormatError;
}

const LOWEST = new Uint8Array(0);

/**
 * Walks a tree in the order of its keys, a node before those below it.
 *
 * @param isKnown - says that a node, and so all below it, was walked before and is left out
 * @throws StoreError when the store is out of reach
 */
export async function* walkTree(
  pages: PageCache,
  root: TreeRoot,
  isKnown: (pointer: PagePointer) => boolean = () => false,
): AsyncGenerator<NodeStep | DamagedStep> {
  if (root.pointer === undefined) return;
  const level = root.height - 1;
  const pending: WalkedPlace[] = [{ pointer: root.pointer, level, from: LOWEST, to: undefined }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (isKnown(place.pointer)) continue;
    const step = await open(pages, place);
    if (step.damage !== undefined) {
      yield step;
      continue;
    }
    // Whoever walks may wait for other pages, which may push this one out of the cache.
    pages.buffers.hold(step.payload);
    try {
      yield step;
      if (step.level > 0) pending.push(...childrenOf(step).reverse());
    } finally {
      pages.buffers.giveBack(step.payload);
    }
  }
}

async function open(pages: PageCache, place: WalkedPlace): Promise<NodeStep | DamagedStep> {
  try {
    const { payload } = await fetchPage(pages, "tree", place.pointer);
    checkNode(payload, place.level);
    checkOrder(payload, place);
    return { ...place, payload };
  } catch (error) {
    if (isDamage(error)) {
      return { ...place, damage: error };
    }
    throw error;
  }
}

/** @throws FormatError RECORD_MALFORMED */
function checkOrder(node: Uint8Array, { level, from, to }: WalkedPlace): void {
  let before = from;
  for (let position = 0; position < countOf(node); position++) {
    // The first child of an inner node has no key of its own: the node's lower bound is its bound.
    const isUnbound = level > 0 && position === 0;
    const key = isUnbound ? from : keyAt(node, position);
    const order = compareBytes(before, key);
    const isRising = position === 0 ? order <= 0 : order < 0;
    if (!isRising || (to !== undefined && compareBytes(key, to) >= 0)) {
      throw new FormatError("RECORD_MALFORMED", `tree node: record ${position} is out of order`);
    }
    before = key;
  }
}

function childrenOf({ payload, level, from, to }: NodeStep): WalkedPlace[] {
  const count = countOf(payload);
  const bound = (position: number): Uint8Array => keyAt(payload, position).slice();
  return Array.from({ length: count }, (_, position) => ({
    pointer: childAt(payload, position),
    level: level - 1,
    from: position === 0 ? from : bound(position),
    to: position + 1 < count ? bound(position + 1) : to,
  }));
}

/** The records of a leaf in order, borrowed. */
export function* recordsIn({
  payload,
}: NodeStep): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
  for (let position = 0; position < countOf(payload); position++) {
    yield { key: keyAt(payload, position), value: valueAt(payload, position) };
  }
}
