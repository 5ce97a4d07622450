/**
 * Lower bounds of the children of a node: kept short, and right when nodes are split and go.
 *
 * @module
 */
import { countOf, keyAt, levelOf, removeAt, replaceKey } from "./node.ts";

/** The bound of a node's first child, which stands further up. */
export const LOWEST_KEY: Uint8Array = new Uint8Array(0);

/** Takes the bound between two halves of a split node: from then on it stands further up only. */
export function takeBound(left: Uint8Array, right: Uint8Array): Uint8Array {
  const first = keyAt(right, 0).slice();
  if (levelOf(right) === 0) return separatorOf(keyAt(left, countOf(left) - 1), first);
  replaceKey(right, 0, LOWEST_KEY);
  return first;
}

/** Removes a child; the one that becomes the first takes over what was below it. */
export function removeChild(parent: Uint8Array, position: number): void {
  removeAt(parent, position);
  if (position === 0 && countOf(parent) > 0) replaceKey(parent, 0, LOWEST_KEY);
}

/** The shortest key above `left` and not above `right`: keeps inner nodes small. */
function separatorOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared]) shared++;
  return right.slice(0, shared + 1);
}
