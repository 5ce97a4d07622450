/**
 * Key slots as values: each wraps the vault key for one password, recipient or recovery code (FORMAT.md §4.1). Their bytes are the
 * business of the key directory's codec.
 *
 * @module
 */
import type { Argon2Cost, Random } from "../base/platform.ts";
import type { Time } from "../base/time.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/** What every slot says in clear text. */
export interface SlotDescription {
  /** 8 random bytes as 16 hexadecimal digits. */
  readonly id: string;
  /** What its owner calls it; at most {@link LABEL_MAX} bytes of UTF-8. */
  readonly label: string;
  readonly created: Time;
}

/** Wraps the vault key under a password. */
export interface PasswordSlot extends SlotDescription {
  readonly kind: "password";
  readonly argon2: Argon2Cost;
  /** {@link SALT_SIZE} bytes. */
  readonly salt: Uint8Array;
  /** {@link WRAPPED_KEY_SIZE} bytes: nonce 12, ciphertext 32, tag 16. */
  readonly wrapped: Uint8Array;
}

/** Wraps the vault key for a recipient of the age format. */
export interface RecipientSlot extends SlotDescription {
  readonly kind: "recipient";
  /** `age1…` */
  readonly recipient: string;
  /** An age file (age-encryption.org/v1). */
  readonly wrapped: Uint8Array;
}

/** Wraps the vault key for whoever has a recovery code, in the way of a recipient slot. */
export interface RecoverySlot extends SlotDescription {
  readonly kind: "recovery";
  /** `age1…`, derived from the code. */
  readonly recipient: string;
  /** An age file (age-encryption.org/v1). */
  readonly wrapped: Uint8Array;
}

/** A slot of a later version, kept as it is. */
export interface UnknownSlot extends SlotDescription {
  readonly kind: "unknown";
  readonly code: number;
  readonly body: Uint8Array;
}

export type KeySlot = PasswordSlot | RecipientSlot | RecoverySlot | UnknownSlot;

/** The secret that slots wrap, and the vault it belongs to. */
export interface VaultSecret {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** 32 bytes. */
  readonly vaultKey: SecretBytes;
}

/** Which pages need a vault key that was in use before. */
export interface OlderKeyTerms {
  /** Pages of epochs up to it are sealed under the older key, unless a key that is older still has them. */
  readonly lastEpoch: number;
  /** No page of a later generation needs it. */
  readonly lastGeneration: number;
  /** From the state of this generation on the TOC needs it no more, only snapshots made before; 0 while that is not known. */
  readonly doneAt: number;
}

/** A vault key that was in use before. */
export interface OlderKey extends OlderKeyTerms {
  /** 32 bytes. */
  readonly key: SecretBytes;
}

/** Bytes of a slot id. */
export const SLOT_ID_SIZE = 8;

/** Longest label, bytes of UTF-8. */
export const LABEL_MAX = 255;

/** Bytes of a password slot's salt. */
export const SALT_SIZE = 16;

/** Bytes of a vault key wrapped under a password. */
export const WRAPPED_KEY_SIZE = 60;

/** Makes an id that no other slot has. */
export function newSlotId(random: Random): string {
  const bytes = new Uint8Array(SLOT_ID_SIZE);
  random.fill(bytes);
  return formatSlotId(bytes);
}

/** The hexadecimal digits of an id's bytes. */
export function formatSlotId(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of an id; the inverse of {@link formatSlotId}. */
export function parseSlotId(id: string): Uint8Array {
  return Uint8Array.from({ length: SLOT_ID_SIZE }, (_, i) =>
    Number.parseInt(id.slice(2 * i, 2 * i + 2), 16),
  );
}
