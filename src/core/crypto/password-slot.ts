/**
 * Password slots: the vault key sealed under a key that Argon2id derives from the password (FORMAT.md §4.1).
 *
 *     associated data:  "dvault key slot" | vault id 16 | slot id 8 | kind u8 = 1 | memory u32 | passes u16 | lanes u16
 *
 * @module
 */
import { concatBytes, putU16, putU32, utf8 } from "../base/bytes.ts";
import { type AeadKey, type Argon2Cost, NONCE_SIZE, type Platform } from "../base/platform.ts";
import { timeNow } from "../base/time.ts";
import { checkKdfCosts } from "./kdf-limits.ts";
import {
  newSlotId,
  type PasswordSlot,
  parseSlotId,
  SALT_SIZE,
  type SlotDescription,
  type VaultSecret,
  WRAPPED_KEY_SIZE,
} from "./key-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

const DOMAIN = utf8("dvault key slot");
const KIND = 1;

/** How a new password slot is made. */
export interface PasswordSlotOptions {
  readonly label: string;
  readonly argon2: Argon2Cost;
}

/** Where the key that wraps the vault key comes from. */
type KeySource = Pick<PasswordSlot, "argon2" | "salt">;

/**
 * Wraps a vault key under a password.
 *
 * @param password - borrowed until the promise ends
 * @throws KeyError KDF_LIMITS
 */
export async function makePasswordSlot(
  platform: Platform,
  vault: VaultSecret,
  password: SecretBytes,
  options: PasswordSlotOptions,
): Promise<PasswordSlot> {
  const id = newSlotId(platform.random);
  const created = timeNow(platform.clock);
  return wrapUnderPassword(platform, vault, { id, created, ...options }, password);
}

/**
 * As {@link makePasswordSlot}, in the place of a slot whose description stays.
 * @throws KeyError KDF_LIMITS
 */
export async function wrapUnderPassword(
  platform: Platform,
  vault: VaultSecret,
  { id, label, created, argon2 }: SlotDescription & Pick<PasswordSlot, "argon2">,
  password: SecretBytes,
): Promise<PasswordSlot> {
  checkKdfCosts([argon2]);
  const salt = new Uint8Array(SALT_SIZE);
  const wrapped = new Uint8Array(WRAPPED_KEY_SIZE);
  const nonce = wrapped.subarray(0, NONCE_SIZE);
  platform.random.fill(salt);
  platform.random.fill(nonce);
  const key = await deriveKey(platform, password, { argon2, salt });
  const aad = associatedData(vault.vaultId, id, argon2);
  await vault.vaultKey.use((plain) => key.seal(nonce, aad, plain, wrapped.subarray(NONCE_SIZE)));
  key.close();
  return { kind: "password", id, label, created, argon2, salt, wrapped };
}

/**
 * Unwraps the vault key.
 *
 * @param password - borrowed until the promise ends
 * @returns the vault key, the caller's to wipe; undefined when the password is not this slot's
 * @throws KeyError KDF_LIMITS
 */
export async function openPasswordSlot(
  platform: Platform,
  vaultId: Uint8Array,
  slot: PasswordSlot,
  password: SecretBytes,
): Promise<SecretBytes | undefined> {
  checkKdfCosts([slot.argon2]);
  const key = await deriveKey(platform, password, slot);
  const nonce = slot.wrapped.subarray(0, NONCE_SIZE);
  const aad = associatedData(vaultId, slot.id, slot.argon2);
  const vaultKey = await key.open(nonce, aad, slot.wrapped.slice(NONCE_SIZE));
  key.close();
  return vaultKey === undefined ? undefined : new SecretBytes(vaultKey);
}

async function deriveKey(
  platform: Platform,
  password: SecretBytes,
  source: KeySource,
): Promise<AeadKey> {
  const raw = await password.use((bytes) =>
    platform.argon2id.derive(bytes, source.salt, source.argon2),
  );
  try {
    return await platform.aead.importKey(raw);
  } finally {
    raw.fill(0);
  }
}

function associatedData(vaultId: Uint8Array, slotId: string, argon2: Argon2Cost): Uint8Array {
  const suffix = new Uint8Array(9);
  suffix[0] = KIND;
  putU32(suffix, 1, argon2.memoryKib);
  putU16(suffix, 5, argon2.passes);
  putU16(suffix, 7, argon2.lanes);
  return concatBytes(DOMAIN, vaultId, parseSlotId(slotId), suffix);
}
