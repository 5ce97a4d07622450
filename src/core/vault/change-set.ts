/**
 * Changes of records of the TOC, one a key, in the order in which the keys were first changed. That order is kept, since a new
 * inode comes before its name: it goes to the end of the last leaf, which is left full where it is split, and not halved.
 *
 * Transactions change a handful of records, so a sorted array beats a map: keys are compared as they are, without a string
 * of each.
 *
 * @module
 */
import { compareBytes } from "../base/bytes.ts";
import type { LoggedChange } from "../format/log-entry.ts";

interface Change {
  readonly key: Uint8Array;
  value: Uint8Array | undefined;
}

export class ChangeSet {
  #inOrder: Change[] = [];
  #byKey: Change[] = [];

  /** All of them, in order; borrowed until the next change. */
  get all(): readonly LoggedChange[] {
    return this.#inOrder;
  }

  get(key: Uint8Array): LoggedChange | undefined {
    const found = this.#find(key);
    return found < 0 ? undefined : this.#byKey[found];
  }

  /** Takes a change over, in the place of an earlier one of that key. */
  set({ key, value }: LoggedChange): void {
    const found = this.#find(key);
    if (found >= 0) {
      (this.#byKey[found] as Change).value = value;
      return;
    }
    const change = { key, value };
    this.#inOrder.push(change);
    if (~found === this.#byKey.length) this.#byKey.push(change);
    else this.#byKey.splice(~found, 0, change);
  }

  clear(): void {
    this.#inOrder = [];
    this.#byKey = [];
  }

  /** Position among the sorted ones, or `~position` of the first one after a key. */
  #find(key: Uint8Array): number {
    let low = 0;
    let high = this.#byKey.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes((this.#byKey[middle] as Change).key, key);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return ~low;
  }
}
