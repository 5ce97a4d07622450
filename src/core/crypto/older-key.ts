/**
 * Vault keys that were in use before: while pages are left that need one, it stands in the key directory, sealed under
 * the vault key that took its place (FORMAT.md §4.3).
 *
 *     purpose:  "dvault older key"
 *     terms:    last epoch u16 | last generation u48 | done at u48
 *
 * @module
 */
import { putU16, putU48 } from "../base/bytes.ts";
import type { Platform } from "../base/platform.ts";
import { type Time, timeNow } from "../base/time.ts";
import { newSlotId, type OlderKey, type OlderKeyTerms, type VaultSecret } from "./key-slot.ts";
import { type Purpose, unwrapKey, wrapKey } from "./wrapped-key.ts";

/** An older key as it is stored. */
export interface WrappedOlderKey extends OlderKeyTerms {
  /** 8 random bytes as 16 hexadecimal digits. */
  readonly id: string;
  /** When it was sealed so. */
  readonly created: Time;
  /** What `wrapKey` makes of it. */
  readonly wrapped: Uint8Array;
}

/** Seals an older key under the vault key of now. */
export async function wrapOlderKey(
  platform: Platform,
  vault: VaultSecret,
  { key, ...terms }: OlderKey,
): Promise<WrappedOlderKey> {
  const wrapped = await wrapKey(platform, vault, purposeOf(terms), key);
  return { ...terms, id: newSlotId(platform.random), created: timeNow(platform.clock), wrapped };
}

/**
 * Opens older keys.
 * @returns in the order of `stored`; the keys are the caller's to wipe
 * @throws KeyError WRONG_KEY when one was not sealed under this vault key
 */
export async function openOlderKeys(
  platform: Platform,
  vault: VaultSecret,
  stored: readonly WrappedOlderKey[],
): Promise<readonly OlderKey[]> {
  const opened: OlderKey[] = [];
  try {
    for (const { wrapped, lastEpoch, lastGeneration, doneAt } of stored) {
      const terms = { lastEpoch, lastGeneration, doneAt };
      opened.push({ ...terms, key: await unwrapKey(platform, vault, purposeOf(terms), wrapped) });
    }
    return opened;
  } catch (error) {
    for (const { key } of opened) key.wipe();
    throw error;
  }
}

function purposeOf({ lastEpoch, lastGeneration, doneAt }: OlderKeyTerms): Purpose {
  const terms = new Uint8Array(14);
  putU16(terms, 0, lastEpoch);
  putU48(terms, 2, lastGeneration);
  putU48(terms, 8, doneAt);
  return { name: "dvault older key", terms };
}
