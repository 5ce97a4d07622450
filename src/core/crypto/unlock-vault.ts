/**
 * From what a key directory holds to all keys of the vault.
 *
 * @module
 */
import type { Platform } from "../base/platform.ts";
import { VaultKeys } from "./key-schedule.ts";
import type { KeySlot } from "./key-slot.ts";
import { openOlderKeys, type WrappedOlderKey } from "./older-key.ts";
import { type Credentials, unlock } from "./unlock.ts";

/** What wraps the keys of a vault. */
export interface WrappedKeys {
  readonly vaultId: Uint8Array;
  readonly slots: readonly KeySlot[];
  readonly older: readonly WrappedOlderKey[];
}

/** An unlocked vault's keys, the caller's to close, and which slot opened. */
export interface UnlockedKeys {
  readonly keys: VaultKeys;
  readonly slotId: string;
}

/**
 * Unlocks the vault key, and with it the keys of before that pages still need.
 * @param credentials - borrowed until the promise ends
 * @throws KeyError WRONG_KEY, KDF_LIMITS
 */
export async function unlockVault(
  platform: Platform,
  { vaultId, slots, older }: WrappedKeys,
  credentials: Credentials,
): Promise<UnlockedKeys> {
  const { vaultKey, slotId } = await unlock(platform, vaultId, slots, credentials);
  try {
    const olderKeys = await openOlderKeys(platform, { vaultId, vaultKey }, older);
    return { keys: new VaultKeys(vaultId, vaultKey, platform.aead, olderKeys), slotId };
  } catch (error) {
    vaultKey.wipe();
    throw error;
  }
}
