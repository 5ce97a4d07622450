/**
 * Page keys that are known: the key of epoch `e` is 32 times the byte `e`.
 *
 * @module
 */
import { chain, type MaybePromise } from "../../src/core/base/maybe-promise.ts";
import type { Aead, AeadKey } from "../../src/core/base/platform.ts";
import type { PageKeys } from "../../src/core/format/page-codec.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";

export class FixedPageKeys implements PageKeys {
  readonly epoch: number;
  /** By epoch, where not all generations may be of it. */
  readonly lastGenerations: Map<number, number> = new Map();
  readonly #aead: Aead;
  readonly #keys = new Map<number, AeadKey>();

  constructor(epoch = 1, aead: Aead = nodePlatform.aead) {
    this.epoch = epoch;
    this.#aead = aead;
  }

  key(epoch: number): MaybePromise<AeadKey> {
    const known = this.#keys.get(epoch);
    if (known !== undefined) return known;
    return chain(this.#aead.importKey(new Uint8Array(32).fill(epoch)), (key) => {
      this.#keys.set(epoch, key);
      return key;
    });
  }

  lastGeneration(epoch: number): number {
    return this.lastGenerations.get(epoch) ?? Number.POSITIVE_INFINITY;
  }
}

/** Signs headers with the sum of their bytes: enough for tests that do not look at the tag. */
export const sumHeaderKey = {
  signHeader(message: Uint8Array): Uint8Array {
    return new Uint8Array(32).fill(message.reduce((sum, byte) => (sum + byte) & 0xff, 0));
  },
};
