/**
 * The way from the root of a tree to a key.
 *
 * @module
 */
import type { PageCache } from "../pages/page-cache.ts";
import { checkNode, childAt, countOf, findChild, keyAt } from "./node.ts";
import type { NodePlace, TreeRoot } from "./tree.ts";

/** The nodes that lead to a key. */
export interface TreePath {
  /** The root first, the leaf last. */
  readonly nodes: readonly Pick<NodePlace, "pointer" | "level">[];
  /** Every key of the leaf is smaller, and the next leaf begins here; undefined at the right edge. */
  readonly to: Uint8Array | undefined;
}

/** Finds the way; undefined in an empty tree. @throws PageFault; FormatError RECORD_MALFORMED */
export function pathTo(pages: PageCache, root: TreeRoot, key: Uint8Array): TreePath | undefined {
  if (root.pointer === undefined) return undefined;
  const nodes: Pick<NodePlace, "pointer" | "level">[] = [];
  let { pointer } = root;
  let to: Uint8Array | undefined;
  for (let level = root.height - 1; ; level--) {
    nodes.push({ pointer, level });
    const { payload } = pages.page("tree", pointer);
    checkNode(payload, level);
    if (level === 0) return { nodes, to };
    const position = findChild(payload, key);
    if (position + 1 < countOf(payload)) to = keyAt(payload, position + 1).slice();
    pointer = childAt(payload, position);
  }
}
