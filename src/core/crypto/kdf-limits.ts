/**
 * What deriving a key from a password may cost. The cost stands in clear text in each slot, so a hostile vault could
 * ask for any amount of memory and time.
 *
 * @module
 */
import { KeyError } from "../base/errors.ts";
import type { Argon2Cost } from "../base/platform.ts";

/** Bounds of Argon2id's cost. */
export const KDF_LIMITS = {
  /** Most memory of one derivation, KiB: 2 GiB. */
  memoryKib: 2 ** 21,
  lanes: 64,
  /** Most memory times passes over all slots that are tried, KiB: about a minute. */
  workKib: 2 ** 26,
} as const;

/** Cost of a new vault's password slots: 64 MiB, 3 passes, 4 lanes (RFC 9106 §4, second recommendation). */
export const DEFAULT_ARGON2: Argon2Cost = { memoryKib: 65_536, passes: 3, lanes: 4 };

/** Argon2 needs 8 KiB a lane (RFC 9106 §3.1). */
const KIB_PER_LANE = 8;

/**
 * Refuses costs this program will not pay.
 * @throws KeyError KDF_LIMITS
 */
export function checkKdfCosts(costs: readonly Argon2Cost[]): void {
  let workKib = 0;
  for (const { memoryKib, passes, lanes } of costs) {
    const isPossible = passes >= 1 && lanes >= 1 && memoryKib >= lanes * KIB_PER_LANE;
    if (!isPossible || memoryKib > KDF_LIMITS.memoryKib || lanes > KDF_LIMITS.lanes) {
      throw new KeyError(
        "KDF_LIMITS",
        `a key slot asks for ${memoryKib} KiB, ${passes} passes and ${lanes} lanes of Argon2id, which is out of bounds`,
      );
    }
    workKib += memoryKib * passes;
  }
  if (workKib > KDF_LIMITS.workKib) {
    throw new KeyError(
      "KDF_LIMITS",
      `the key slots together ask for ${workKib} KiB of Argon2id work, which is too much`,
    );
  }
}
