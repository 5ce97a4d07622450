/**
 * Recipient slots: the vault key in an age file (age-encryption.org/v1) for one recipient (FORMAT.md §4.1).
 *
 *     plaintext of the age file:  "dvault key slot" | vault id 16 | slot id 8 | vault key 32
 *
 * Anyone can write an age file to a recipient, so a slot that opens proves nothing about who made it: the header's
 * tag does, once the vault key is there.
 *
 * @module
 */
import type { Decrypter } from "age-encryption";
import { concatBytes, equalBytes, toText, utf8 } from "../base/bytes.ts";
import { UsageError } from "../base/errors.ts";
import type { Platform } from "../base/platform.ts";
import { timeNow } from "../base/time.ts";
import { loadAge } from "./age.ts";
import { KEY_SIZE } from "./key-schedule.ts";
import { newSlotId, parseSlotId, type RecipientSlot, type VaultSecret } from "./key-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

const DOMAIN = utf8("dvault key slot");

/** For whom a new recipient slot is. */
export interface RecipientSlotOptions {
  readonly label: string;
  /** `age1…` */
  readonly recipient: string;
}

/**
 * Wraps a vault key for a recipient.
 * @throws UsageError USAGE when `recipient` is none
 */
export async function makeRecipientSlot(
  platform: Platform,
  vault: VaultSecret,
  options: RecipientSlotOptions,
): Promise<RecipientSlot> {
  const { label, recipient } = options;
  const { Encrypter } = await loadAge();
  if (!isAccepted(() => new Encrypter().addRecipient(recipient))) {
    throw new UsageError("USAGE", `"${recipient}" is not an age recipient (age1…)`);
  }
  const id = newSlotId(platform.random);
  const created = timeNow(platform.clock);
  const wrapped = await wrapForRecipient(vault, id, recipient);
  return { kind: "recipient", id, label, created, recipient, wrapped };
}

/**
 * Makes the age file of a slot.
 * @param recipient - a valid one
 */
export async function wrapForRecipient(
  vault: VaultSecret,
  slotId: string,
  recipient: string,
): Promise<Uint8Array> {
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const plain = vault.vaultKey.use((key) => concatBytes(slotPrefix(vault.vaultId, slotId), key));
  const wrapped = await encrypter.encrypt(plain);
  plain.fill(0);
  return wrapped;
}

/**
 * Makes ready what opens recipient slots.
 *
 * @param identities - text of an age identity file: one `AGE-SECRET-KEY-1…` a line, `#` begins a comment; borrowed until the
 *   promise ends.
 *   The age library takes identities as strings, so copies stay in memory until they are collected.
 * @throws UsageError USAGE when there is none, or one is malformed
 */
export async function parseIdentities(identities: SecretBytes): Promise<Decrypter> {
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  const lines = identities
    .use(toText)
    .split("\n")
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw new UsageError("USAGE", "the identity file holds no age identity");
  for (const key of keys) {
    if (isAccepted(() => decrypter.addIdentity(key))) continue;
    throw new UsageError(
      "USAGE",
      "a line of the identity file is no age identity (AGE-SECRET-KEY-1…)",
    );
  }
  return decrypter;
}

/**
 * Unwraps the vault key.
 *
 * @param decrypter - from {@link parseIdentities}
 * @returns the vault key, the caller's to wipe; undefined when no identity is this slot's, or the slot is another's
 */
export async function openRecipientSlot(
  vaultId: Uint8Array,
  slot: Pick<RecipientSlot, "id" | "wrapped">,
  decrypter: Decrypter,
): Promise<SecretBytes | undefined> {
  const plain = await decrypter.decrypt(slot.wrapped).catch(() => undefined);
  if (plain === undefined) return undefined;
  const prefix = slotPrefix(vaultId, slot.id);
  const belongsHere =
    plain.length === prefix.length + KEY_SIZE &&
    equalBytes(plain.subarray(0, prefix.length), prefix);
  const vaultKey = belongsHere ? new SecretBytes(plain.slice(prefix.length)) : undefined;
  plain.fill(0);
  return vaultKey;
}

function slotPrefix(vaultId: Uint8Array, slotId: string): Uint8Array {
  return concatBytes(DOMAIN, vaultId, parseSlotId(slotId));
}

/** Whether the age library takes a key; its errors may quote it, so they go no further. */
function isAccepted(add: () => void): boolean {
  try {
    add();
    return true;
  } catch {
    return false;
  }
}
