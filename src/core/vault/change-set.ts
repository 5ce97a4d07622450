/**
 * Changes of records of the TOC, one a key, in the order of their keys: those of one leaf follow each other.
 *
 * Transactions change a handful of records, so a sorted array beats a map: keys are compared as they are, without a string
 * of each.
 *
 * @module
 */
import { compareBytes } from "../base/bytes.ts";
import type { LoggedChange } from "../format/log-entry.ts";

export class ChangeSet {
  #changes: LoggedChange[] = [];

  /** All of them, by key; borrowed until the next change. */
  get all(): readonly LoggedChange[] {
    return this.#changes;
  }

  get(key: Uint8Array): LoggedChange | undefined {
    const found = this.#find(key);
    return found < 0 ? undefined : this.#changes[found];
  }

  /** Takes a change over, in the place of an earlier one of that key. */
  set(change: LoggedChange): void {
    const found = this.#find(change.key);
    if (found >= 0) this.#changes[found] = change;
    else if (~found === this.#changes.length) this.#changes.push(change);
    else this.#changes.splice(~found, 0, change);
  }

  clear(): void {
    this.#changes = [];
  }

  /** Position of a key, or `~position` of the first one after it. */
  #find(key: Uint8Array): number {
    let low = 0;
    let high = this.#changes.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes((this.#changes[middle] as LoggedChange).key, key);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return ~low;
  }
}
