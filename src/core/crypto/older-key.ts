/**
 * Vault keys that were in use before: while pages are left that need one, it stands in the key directory, sealed under
 * the vault key that took its place (FORMAT.md §4.3).
 *
 *     key of the seal:  HKDF-SHA-256(vault key, salt: vault id, info: "dvault older key")
 *     associated data:  "dvault older key" | vault id 16 | last epoch u16 | last generation u48 | done at u48
 *
 * @module
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, putU16, putU48, utf8 } from "../base/bytes.ts";
import { KeyError } from "../base/errors.ts";
import { type AeadKey, NONCE_SIZE, type Platform } from "../base/platform.ts";
import { type Time, timeNow } from "../base/time.ts";
import { KEY_SIZE } from "./key-schedule.ts";
import {
  newSlotId,
  type OlderKey,
  type OlderKeyTerms,
  type VaultSecret,
  WRAPPED_KEY_SIZE,
} from "./key-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

const DOMAIN = utf8("dvault older key");

/** An older key as it is stored. */
export interface WrappedOlderKey extends OlderKeyTerms {
  /** 8 random bytes as 16 hexadecimal digits. */
  readonly id: string;
  /** When it was sealed so. */
  readonly created: Time;
  /** {@link WRAPPED_KEY_SIZE} bytes: nonce 12, ciphertext 32, tag 16. */
  readonly wrapped: Uint8Array;
}

/** Seals an older key under the vault key of now. */
export async function wrapOlderKey(
  platform: Platform,
  vault: VaultSecret,
  { key, ...terms }: OlderKey,
): Promise<WrappedOlderKey> {
  const wrapped = new Uint8Array(WRAPPED_KEY_SIZE);
  const nonce = wrapped.subarray(0, NONCE_SIZE);
  platform.random.fill(nonce);
  const aad = associatedData(vault.vaultId, terms);
  const sealing = await sealingKey(platform, vault);
  await key.use((plain) => sealing.seal(nonce, aad, plain, wrapped.subarray(NONCE_SIZE)));
  sealing.close();
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
  for (const older of stored) opened.push(await openOlderKey(platform, vault, older));
  return opened;
}

async function openOlderKey(
  platform: Platform,
  vault: VaultSecret,
  { wrapped, lastEpoch, lastGeneration, doneAt }: WrappedOlderKey,
): Promise<OlderKey> {
  const terms = { lastEpoch, lastGeneration, doneAt };
  const sealing = await sealingKey(platform, vault);
  const nonce = wrapped.subarray(0, NONCE_SIZE);
  const aad = associatedData(vault.vaultId, terms);
  const plain = await sealing.open(nonce, aad, wrapped.slice(NONCE_SIZE));
  sealing.close();
  if (plain === undefined) {
    throw new KeyError("WRONG_KEY", "an older vault key does not open with the vault key");
  }
  return { ...terms, key: new SecretBytes(plain) };
}

async function sealingKey(
  { aead }: Platform,
  { vaultId, vaultKey }: VaultSecret,
): Promise<AeadKey> {
  const raw = vaultKey.use((key) => hkdf(sha256, key, vaultId, DOMAIN, KEY_SIZE));
  try {
    return await aead.importKey(raw);
  } finally {
    raw.fill(0);
  }
}

function associatedData(vaultId: Uint8Array, terms: OlderKeyTerms): Uint8Array {
  const suffix = new Uint8Array(14);
  putU16(suffix, 0, terms.lastEpoch);
  putU48(suffix, 2, terms.lastGeneration);
  putU48(suffix, 8, terms.doneAt);
  return concatBytes(DOMAIN, vaultId, suffix);
}
