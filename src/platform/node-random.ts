/**
 * Randomness of the kernel, fetched in batches: a page's nonce is 12 bytes, and a call for so few costs as much as
 * one for thousands. Bytes are wiped from the pool as they are handed out.
 *
 * @module
 */
import { randomFillSync } from "node:crypto";
import type { Random } from "../core/base/platform.ts";

const POOL_SIZE = 4096;

/** `Random` over `crypto.randomFillSync`. */
export class PooledRandom implements Random {
  readonly #pool = new Uint8Array(POOL_SIZE);
  #at: number = POOL_SIZE;

  fill(out: Uint8Array): void {
    if (out.length > POOL_SIZE) {
      randomFillSync(out);
      return;
    }
    if (this.#at + out.length > POOL_SIZE) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const end = this.#at + out.length;
    out.set(this.#pool.subarray(this.#at, end));
    this.#pool.fill(0, this.#at, end);
    this.#at = end;
  }
}
