/**
 * A set of bytes, kept as the ranges it consists of.
 *
 * @module
 */

export class ByteRanges {
  /** Begin and end of each range by turns, rising; more than `gap` lies between one and the next. */
  readonly #borders: number[] = [];
  readonly #gap: number;

  /** @param gap - bytes between two ranges that are not worth two: they are taken in */
  constructor(gap = 0) {
    this.#gap = gap;
  }

  /** Ranges the set consists of. */
  get count(): number {
    return this.#borders.length / 2;
  }

  /** Begin of the first range; 0 when the set is empty. */
  get start(): number {
    return this.#borders[0] ?? 0;
  }

  /** End of the last range; 0 when the set is empty. */
  get end(): number {
    return this.#borders.at(-1) ?? 0;
  }

  /** Adds `from <= byte < end`. */
  add(from: number, end: number): void {
    if (from >= end) return;
    const near = from - this.#gap;
    const first = this.#borders.findIndex((border, i) => i % 2 === 1 && border >= near);
    const at = first < 0 ? this.#borders.length : first - 1;
    let next = at;
    let start = from;
    let stop = end;
    while (next < this.#borders.length && (this.#borders[next] as number) <= end + this.#gap) {
      start = Math.min(start, this.#borders[next] as number);
      stop = Math.max(stop, this.#borders[next + 1] as number);
      next += 2;
    }
    this.#borders.splice(at, next - at, start, stop);
  }

  /** Whether all of `from <= byte < end` is in the set. */
  has(from: number, end: number): boolean {
    for (const [start, stop] of this.all()) if (start <= from && end <= stop) return true;
    return from >= end;
  }

  /** The ranges, rising. */
  *all(): Iterable<readonly [from: number, end: number]> {
    for (let i = 0; i < this.#borders.length; i += 2) {
      yield [this.#borders[i] as number, this.#borders[i + 1] as number];
    }
  }
}
