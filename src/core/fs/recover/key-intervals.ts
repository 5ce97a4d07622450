/**
 * Spans of keys that are spoken for, kept apart and in order.
 *
 * @module
 */
import { compareBytes } from "../../base/bytes.ts";

/** Keys from one to another, both included. */
export interface KeyInterval {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

export class KeyIntervals {
  readonly #spans: KeyInterval[] = [];

  has(key: Uint8Array): boolean {
    const span = this.#spans[this.#from(key)];
    return span !== undefined && compareBytes(span.first, key) <= 0;
  }

  /** Adds a span, and joins it with those it meets. */
  add({ first, last }: KeyInterval): void {
    const start = this.#from(first);
    let end = start;
    let joined: KeyInterval = { first, last };
    for (; end < this.#spans.length; end++) {
      const span = this.#spans[end] as KeyInterval;
      if (compareBytes(span.first, last) > 0) break;
      joined = {
        first: compareBytes(span.first, joined.first) < 0 ? span.first : joined.first,
        last: compareBytes(span.last, joined.last) > 0 ? span.last : joined.last,
      };
    }
    this.#spans.splice(start, end - start, joined);
  }

  /** Position of the first span that does not end before a key. */
  #from(key: Uint8Array): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { last } = this.#spans[middle] as KeyInterval;
      if (compareBytes(last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
