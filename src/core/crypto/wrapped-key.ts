/**
 * A key sealed under a vault key, for a purpose of its own.
 *
 *     key of the seal:  HKDF-SHA-256(vault key, salt: vault id, info: purpose)
 *     associated data:  purpose | vault id 16 | terms
 *     stored:           nonce 12 | ciphertext 32 | tag 16
 *
 * @module
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8 } from "../base/bytes.ts";
import { KeyError } from "../base/errors.ts";
import { type AeadKey, NONCE_SIZE, type Platform } from "../base/platform.ts";
import { KEY_SIZE } from "./key-schedule.ts";
import { type VaultSecret, WRAPPED_KEY_SIZE } from "./key-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** What a key is sealed for. */
export interface Purpose {
  readonly name: string;
  /** What is bound to the key, besides. */
  readonly terms: Uint8Array;
}

/** @returns {@link WRAPPED_KEY_SIZE} bytes */
export async function wrapKey(
  platform: Platform,
  vault: VaultSecret,
  purpose: Purpose,
  key: SecretBytes,
): Promise<Uint8Array> {
  const wrapped = new Uint8Array(WRAPPED_KEY_SIZE);
  const nonce = wrapped.subarray(0, NONCE_SIZE);
  platform.random.fill(nonce);
  const sealing = await sealingKey(platform, vault, purpose);
  const out = wrapped.subarray(NONCE_SIZE);
  await key.use((plain) => sealing.seal(nonce, associatedData(vault, purpose), plain, out));
  sealing.close();
  return wrapped;
}

/**
 * @returns the key, the caller's to wipe
 * @throws KeyError WRONG_KEY when it was not sealed under this vault key for this purpose
 */
export async function unwrapKey(
  platform: Platform,
  vault: VaultSecret,
  purpose: Purpose,
  wrapped: Uint8Array,
): Promise<SecretBytes> {
  const sealing = await sealingKey(platform, vault, purpose);
  const nonce = wrapped.subarray(0, NONCE_SIZE);
  const aad = associatedData(vault, purpose);
  const plain =
    wrapped.length === WRAPPED_KEY_SIZE
      ? await sealing.open(nonce, aad, wrapped.slice(NONCE_SIZE))
      : undefined;
  sealing.close();
  if (plain !== undefined) return new SecretBytes(plain);
  throw new KeyError("WRONG_KEY", `what is sealed as ${purpose.name} does not open`);
}

async function sealingKey(
  { aead }: Platform,
  { vaultId, vaultKey }: VaultSecret,
  { name }: Purpose,
): Promise<AeadKey> {
  const raw = vaultKey.use((key) => hkdf(sha256, key, vaultId, utf8(name), KEY_SIZE));
  try {
    return await aead.importKey(raw);
  } finally {
    raw.fill(0);
  }
}

function associatedData({ vaultId }: VaultSecret, { name, terms }: Purpose): Uint8Array {
  return concatBytes(utf8(name), vaultId, terms);
}
