/**
 * From credentials to the vault key, by way of the key slots.
 *
 * Every password slot is tried, one after the other, also behind one that opens: how long it takes says
 * nothing about which slot a password belongs to, or how nearly.
 *
 * @module
 */
import type { Decrypter } from "age-encryption";
import { KeyError } from "../base/errors.ts";
import type { Platform } from "../base/platform.ts";
import { checkKdfCosts } from "./kdf-limits.ts";
import type { KeySlot } from "./key-slot.ts";
import { openPasswordSlot } from "./password-slot.ts";
import { openRecipientSlot, parseIdentities } from "./recipient-slot.ts";
import { recoveryDecrypter } from "./recovery-slot.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/** What somebody brings to open a vault; identities and recovery codes are tried first, since they cost nothing. */
export interface Credentials {
  readonly password?: SecretBytes;
  /** Text of an age identity file. */
  readonly identities?: SecretBytes;
  /** What `parseRecoveryCode` makes of a recovery code. */
  readonly recovery?: SecretBytes;
}

/** A vault key and the slot it came from. */
export interface Unlocked {
  /** The caller's to wipe. */
  readonly vaultKey: SecretBytes;
  readonly slotId: string;
}

/**
 * Opens a slot with what the caller has. A recipient slot may have been put there by anyone: check the header's tag
 * with the key before trusting it.
 *
 * @param credentials - borrowed until the promise ends
 * @throws KeyError WRONG_KEY, KDF_LIMITS; UsageError USAGE for a malformed identity
 */
export async function unlock(
  platform: Platform,
  vaultId: Uint8Array,
  slots: readonly KeySlot[],
  credentials: Credentials,
): Promise<Unlocked> {
  const { password, identities, recovery } = credentials;
  const unlocked =
    (identities && (await tryDecrypter(vaultId, slots, await parseIdentities(identities)))) ??
    (recovery && (await tryRecovery(vaultId, slots, recovery))) ??
    (password && (await tryPassword(platform, vaultId, slots, password)));
  if (unlocked !== undefined) return unlocked;
  const what = recovery === undefined ? "password or identity" : "recovery code";
  throw new KeyError("WRONG_KEY", `no key slot of the vault opens with this ${what}`);
}

async function tryRecovery(
  vaultId: Uint8Array,
  slots: readonly KeySlot[],
  secret: SecretBytes,
): Promise<Unlocked | undefined> {
  const own = slots.filter(({ kind }) => kind === "recovery");
  return tryDecrypter(vaultId, own, await recoveryDecrypter(vaultId, secret));
}

async function tryDecrypter(
  vaultId: Uint8Array,
  slots: readonly KeySlot[],
  decrypter: Decrypter,
): Promise<Unlocked | undefined> {
  for (const slot of slots) {
    if (slot.kind !== "recipient" && slot.kind !== "recovery") continue;
    const vaultKey = await openRecipientSlot(vaultId, slot, decrypter);
    if (vaultKey !== undefined) return { vaultKey, slotId: slot.id };
  }
  return undefined;
}

async function tryPassword(
  platform: Platform,
  vaultId: Uint8Array,
  slots: readonly KeySlot[],
  password: SecretBytes,
): Promise<Unlocked | undefined> {
  const candidates = slots.filter((slot) => slot.kind === "password");
  checkKdfCosts(candidates.map((slot) => slot.argon2));
  let unlocked: Unlocked | undefined;
  for (const slot of candidates) {
    const vaultKey = await openPasswordSlot(platform, vaultId, slot, password);
    if (vaultKey === undefined) continue;
    if (unlocked === undefined) unlocked = { vaultKey, slotId: slot.id };
    else vaultKey.wipe();
  }
  return unlocked;
}
