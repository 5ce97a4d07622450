/**
 * Randomness that is the same in every run: byte n is n, going on from call to call.
 *
 * @module
 */
import type { Random } from "../../src/core/base/platform.ts";

export class FixedRandom implements Random {
  #next: number;

  constructor(first = 0) {
    this.#next = first;
  }

  fill(out: Uint8Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.#next++;
  }
}
