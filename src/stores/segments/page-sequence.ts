/**
 * Addresses, handed out once and in order.
 *
 * @module
 */
import { PAGES_PER_SEGMENT } from "../../core/base/limits.ts";
import { addressOf } from "../../core/format/address.ts";

export class PageSequence {
  #next = 0;

  /** One past the highest page number handed out. */
  get end(): number {
    return this.#next;
  }

  /** Goes on from `end`, in a new segment. */
  seed(end: number): void {
    this.#next = Math.max(this.#next, end);
    this.beginSegment();
  }

  /** Goes on with the next segment, unless the current one is empty. */
  beginSegment(): void {
    this.#next = Math.ceil(this.#next / PAGES_PER_SEGMENT) * PAGES_PER_SEGMENT;
  }

  allocate(count: number, out: number[]): void {
    for (let i = 0; i < count; i++) out.push(addressOf(this.#next++));
  }
}
