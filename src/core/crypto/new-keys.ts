/**
 * A new vault key, with the slots that can be carried over to it: those of recipients and recovery codes by what is public
 * about them, password slots by their passwords.
 *
 * @module
 */
import type { Platform } from "../base/platform.ts";
import { KEY_SIZE } from "./key-schedule.ts";
import type { KeySlot, VaultSecret } from "./key-slot.ts";
import { openPasswordSlot, wrapUnderPassword } from "./password-slot.ts";
import { wrapForRecipient } from "./recipient-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** A new vault key and what opens it. */
export interface NewKeys {
  /** The holder's to wipe. */
  readonly vaultKey: SecretBytes;
  readonly slots: readonly KeySlot[];
  /** Slots that could not be carried over. */
  readonly dropped: readonly KeySlot[];
}

/**
 * Makes a vault key.
 * @param slots - of the vault; those carried over keep their id, label and time
 * @param passwords - borrowed until the promise ends; each is tried on each slot
 * @throws KeyError KDF_LIMITS
 */
export async function makeNewKeys(
  platform: Platform,
  vaultId: Uint8Array,
  slots: readonly KeySlot[],
  passwords: readonly SecretBytes[],
): Promise<NewKeys> {
  const key = new Uint8Array(KEY_SIZE);
  platform.random.fill(key);
  const secret = { vaultId, vaultKey: new SecretBytes(key) };
  const carried: KeySlot[] = [];
  const dropped: KeySlot[] = [];
  for (const slot of slots) {
    const anew = await carryOver(platform, secret, slot, passwords);
    if (anew === undefined) dropped.push(slot);
    else carried.push(anew);
  }
  return { vaultKey: secret.vaultKey, slots: carried, dropped };
}

async function carryOver(
  platform: Platform,
  secret: VaultSecret,
  slot: KeySlot,
  passwords: readonly SecretBytes[],
): Promise<KeySlot | undefined> {
  switch (slot.kind) {
    case "recipient":
    case "recovery":
      return { ...slot, wrapped: await wrapForRecipient(secret, slot.id, slot.recipient) };
    case "password":
      for (const password of passwords) {
        const opened = await openPasswordSlot(platform, secret.vaultId, slot, password);
        opened?.wipe();
        if (opened !== undefined) return wrapUnderPassword(platform, secret, slot, password);
      }
      return undefined;
    case "unknown":
      return undefined;
  }
}
