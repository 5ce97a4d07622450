/**
 * Argon2id by the `argon2` package, in its thread pool.
 *
 * @module
 */
import { argon2id, hash } from "argon2";
import type { Argon2id } from "../core/base/platform.ts";

const KEY_SIZE = 32;

/** The Argon2id of the Node platform. */
export const nodeArgon2id: Argon2id = {
  async derive(password, salt, cost) {
    const derived = await hash(asBuffer(password), {
      type: argon2id,
      raw: true,
      hashLength: KEY_SIZE,
      salt: asBuffer(salt),
      memoryCost: cost.memoryKib,
      timeCost: cost.passes,
      parallelism: cost.lanes,
    });
    return new Uint8Array(derived.buffer, derived.byteOffset, derived.length);
  },
};

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
