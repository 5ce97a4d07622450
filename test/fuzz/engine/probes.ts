/**
 * What the probes count that `scripts/build-fuzz.mjs` puts into `src/`: how often each branch was taken, and what was
 * compared with what.
 *
 * @module
 */

/** More probes than there are. */
const PROBES_MAX = 1 << 16;

/** Comparisons remembered, the last ones. */
const PAIRS = 256;

/** What was compared and was not equal. */
export type Compared = number | string;

class Probes {
  /** How often each probe was passed, modulo 256. */
  readonly counts = new Uint8Array(PROBES_MAX);
  readonly #left: Compared[] = new Array(PAIRS).fill(0);
  readonly #right: Compared[] = new Array(PAIRS).fill(0);
  #pairs = 0;

  same(left: unknown, right: unknown): boolean {
    return left === right || this.#note(left, right);
  }

  differ(left: unknown, right: unknown): boolean {
    return left !== right && !this.#note(left, right);
  }

  below(left: number, right: number): boolean {
    this.#note(left, right);
    return left < right;
  }

  above(left: number, right: number): boolean {
    this.#note(left, right);
    return left > right;
  }

  notAbove(left: number, right: number): boolean {
    this.#note(left, right);
    return left <= right;
  }

  notBelow(left: number, right: number): boolean {
    this.#note(left, right);
    return left >= right;
  }

  /** The n-th of the last comparisons, of which there are {@link pairs}. */
  pair(n: number): readonly [Compared, Compared] {
    return [this.#left[n] as Compared, this.#right[n] as Compared];
  }

  get pairs(): number {
    return Math.min(this.#pairs, PAIRS);
  }

  /** Forgets everything but the comparisons. */
  clear(used: number): void {
    this.counts.fill(0, 0, used);
  }

  /** @returns false */
  #note(left: unknown, right: unknown): false {
    const kind = typeof left;
    if (kind !== typeof right || (kind !== "number" && kind !== "string")) return false;
    const at = this.#pairs++ & (PAIRS - 1);
    this.#left[at] = left as Compared;
    this.#right[at] = right as Compared;
    return false;
  }
}

/** The probes, where those in `src/` find them. */
export const probes: Probes = new Probes();
Object.assign(globalThis, { fuzzProbes: probes });
