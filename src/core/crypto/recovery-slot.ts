/**
 * Recovery slots: the vault key for whoever has a recovery code (FORMAT.md §4.1). The code gives an age identity, and the
 * slot is for its recipient, so the vault key can be changed without the code.
 *
 *     identity = HKDF-SHA-256(secret of the code, salt: vault id, info: "dvault recovery code"), as X25519 secret key
 *
 * @module
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import type { Decrypter } from "age-encryption";
import { utf8 } from "../base/bytes.ts";
import type { Platform } from "../base/platform.ts";
import { timeNow } from "../base/time.ts";
import { loadAge } from "./age.ts";
import { KEY_SIZE } from "./key-schedule.ts";
import { newSlotId, type RecoverySlot, type VaultSecret } from "./key-slot.ts";
import { parseIdentities, wrapForRecipient } from "./recipient-slot.ts";
import { formatRecoveryCode, RECOVERY_SIZE } from "./recovery-code.ts";
import { SecretBytes } from "./secret-bytes.ts";

const INFO = utf8("dvault recovery code");

/** A new slot and the only copy of its code. */
export interface NewRecovery {
  readonly slot: RecoverySlot;
  /** To be shown once. */
  readonly code: string;
}

/** Wraps a vault key for a new recovery code. */
export async function makeRecoverySlot(
  platform: Platform,
  vault: VaultSecret,
  label: string,
): Promise<NewRecovery> {
  const secret = new Uint8Array(RECOVERY_SIZE);
  platform.random.fill(secret);
  const id = newSlotId(platform.random);
  const created = timeNow(platform.clock);
  const { identityToRecipient } = await loadAge();
  const recipient = await identityToRecipient(identityOf(vault.vaultId, secret));
  const wrapped = await wrapForRecipient(vault, id, recipient);
  const code = formatRecoveryCode(secret);
  secret.fill(0);
  return { slot: { kind: "recovery", id, label, created, recipient, wrapped }, code };
}

/**
 * Makes ready what opens the recovery slots of a vault, by `openRecipientSlot`.
 * @param secret - of the code; borrowed until the promise ends
 */
export async function recoveryDecrypter(
  vaultId: Uint8Array,
  secret: SecretBytes,
): Promise<Decrypter> {
  const identity = new SecretBytes(utf8(secret.use((bytes) => identityOf(vaultId, bytes))));
  try {
    return await parseIdentities(identity);
  } finally {
    identity.wipe();
  }
}

/** `AGE-SECRET-KEY-1…` */
function identityOf(vaultId: Uint8Array, secret: Uint8Array): string {
  const key = hkdf(sha256, secret, vaultId, INFO, KEY_SIZE);
  const identity = bech32.encodeFromBytes("age-secret-key-", key).toUpperCase();
  key.fill(0);
  return identity;
}
