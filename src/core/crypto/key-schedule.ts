/**
 * Keys of an unlocked vault (FORMAT.md §4.2). One random vault key gives all others by HKDF-SHA-256 (RFC 5869):
 *
 *     page key of epoch e   = HKDF(vault key, salt: vault id, info: "dvault page key" | e u16)
 *     header key            = HKDF(vault key, salt: vault id, info: "dvault header key")
 *
 * @module
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, putU16, utf8 } from "../base/bytes.ts";
import { KeyError } from "../base/errors.ts";
import { chain, isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { Aead, AeadKey } from "../base/platform.ts";
import type { OlderKey } from "./key-slot.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** Bytes of a vault key and of every key derived from it. */
export const KEY_SIZE = 32;

/** Epochs are u16, and 0 marks what is not sealed. */
export const EPOCH_MAX = 65_535;

const PAGE_KEY_INFO = utf8("dvault page key");
const HEADER_KEY_INFO = utf8("dvault header key");

/** Signs headers: HMAC-SHA-256 under a header key. */
export type HeaderSigner = Pick<VaultKeys, "signHeader">;

/**
 * Derives, keeps and forgets the keys of one vault: its page keys and its header key. While a vault is being sealed anew,
 * pages of earlier epochs open with the keys that an older vault key gives.
 */
export class VaultKeys {
  readonly #vaultId: Uint8Array;
  #vaultKey: SecretBytes;
  #headerKey: SecretBytes;
  /** The oldest first. */
  #older: readonly OlderKey[];
  readonly #aead: Aead;
  readonly #pageKeys = new Map<number, MaybePromise<AeadKey>>();
  #epoch = 1;
  #closed = false;

  /**
   * @param vaultId - 16 bytes, borrowed for good
   * @param vaultKey - 32 bytes, taken over: wiped by {@link VaultKeys.close}
   * @param older - the oldest first; taken over as well
   */
  constructor(
    vaultId: Uint8Array,
    vaultKey: SecretBytes,
    aead: Aead,
    older: readonly OlderKey[] = [],
  ) {
    this.#vaultId = vaultId;
    this.#vaultKey = vaultKey;
    this.#aead = aead;
    this.#older = older;
    this.#headerKey = new SecretBytes(this.#derive(vaultKey, HEADER_KEY_INFO));
  }

  /** The vault key, to be wrapped in a key slot; stays the property of this object. */
  get vaultKey(): SecretBytes {
    return this.#vaultKey;
  }

  /** Vault keys that pages of earlier epochs need, the oldest first; they stay the property of this object. */
  get older(): readonly OlderKey[] {
    return this.#older;
  }

  /** Epoch in which new pages are sealed: 1 until {@link VaultKeys.enterEpoch}. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Seals new pages with the key of another epoch from now on, 1 to {@link EPOCH_MAX}. */
  enterEpoch(epoch: number): void {
    checkEpoch(epoch);
    this.#epoch = epoch;
  }

  /**
   * Puts another vault key in the place of this one, which becomes the newest of the older ones: headers and
   * new pages need the other key from now on.
   *
   * @param vaultKey - 32 bytes, taken over
   * @param lastGeneration - no page of a later generation is sealed under the key of now
   * @throws KeyError KEY_CLOSED when there is no epoch left
   */
  replaceVaultKey(vaultKey: SecretBytes, lastGeneration: number): void {
    const lastEpoch = this.#epoch;
    this.enterEpoch(lastEpoch + 1);
    this.#headerKey.wipe();
    this.#headerKey = new SecretBytes(this.#derive(vaultKey, HEADER_KEY_INFO));
    this.#older = [...this.#older, { key: this.#vaultKey, lastEpoch, lastGeneration, doneAt: 0 }];
    this.#vaultKey = vaultKey;
  }

  /** Keeps these of the older keys, with what is known of them now, and wipes the others. */
  keepOlder(kept: readonly OlderKey[]): void {
    const keys = new Set(kept.map(({ key }) => key));
    for (const { key, lastEpoch } of this.#older) {
      if (keys.has(key)) continue;
      key.wipe();
      this.#forgetEpochs(lastEpoch);
    }
    this.#older = kept;
  }

  /** The oldest keys go first, so whatever is of an epoch up to that of one is not needed any more. */
  #forgetEpochs(last: number): void {
    for (const [epoch, key] of this.#pageKeys) {
      if (epoch > last) continue;
      if (!isPending(key)) key.close();
      this.#pageKeys.delete(epoch);
    }
  }

  /** Who signed headers before the vault key was replaced. */
  olderSigners(): readonly HeaderSigner[] {
    return this.#older.map(({ key }) => ({
      signHeader: (message) => {
        const headerKey = this.#derive(key, HEADER_KEY_INFO);
        const tag = hmac(sha256, headerKey, message);
        headerKey.fill(0);
        return tag;
      },
    }));
  }

  /**
   * The page key of an epoch, derived at first use.
   * @throws KeyError KEY_CLOSED
   */
  key(epoch: number): MaybePromise<AeadKey> {
    const known = this.#pageKeys.get(epoch);
    if (known !== undefined) return known;
    checkEpoch(epoch);
    const raw = this.#derive(this.#vaultKeyOf(epoch), pageKeyInfo(epoch));
    const imported = chain(this.#aead.importKey(raw), (key) => this.#keep(epoch, key, raw));
    if (isPending(imported)) this.#pageKeys.set(epoch, imported);
    return imported;
  }

  /** The last generation of pages that an epoch has; Infinity when it is of the vault key of now. */
  lastGeneration(epoch: number): number {
    return this.#olderOf(epoch)?.lastGeneration ?? Number.POSITIVE_INFINITY;
  }

  /** The vault key that pages of an epoch are sealed under. */
  #vaultKeyOf(epoch: number): SecretBytes {
    return this.#olderOf(epoch)?.key ?? this.#vaultKey;
  }

  #olderOf(epoch: number): OlderKey | undefined {
    return this.#older.find(({ lastEpoch }) => epoch <= lastEpoch);
  }

  #keep(epoch: number, key: AeadKey, raw: Uint8Array): AeadKey {
    raw.fill(0);
    if (this.#closed) key.close();
    else this.#pageKeys.set(epoch, key);
    return key;
  }

  /**
   * HMAC-SHA-256 under the header key, 32 bytes.
   * @throws KeyError KEY_CLOSED
   */
  signHeader(message: Uint8Array): Uint8Array {
    return this.#headerKey.use((key) => hmac(sha256, key, message));
  }

  /** Wipes and forgets every key; later calls throw KeyError KEY_CLOSED. */
  close(): void {
    this.#closed = true;
    for (const key of this.#pageKeys.values()) if (!isPending(key)) key.close();
    this.#pageKeys.clear();
    this.#vaultKey.wipe();
    this.#headerKey.wipe();
    for (const { key } of this.#older) key.wipe();
  }

  #derive(vaultKey: SecretBytes, info: Uint8Array): Uint8Array {
    return vaultKey.use((key) => hkdf(sha256, key, this.#vaultId, info, KEY_SIZE));
  }
}

function pageKeyInfo(epoch: number): Uint8Array {
  const suffix = new Uint8Array(2);
  putU16(suffix, 0, epoch);
  return concatBytes(PAGE_KEY_INFO, suffix);
}

function checkEpoch(epoch: number): void {
  if (epoch < 1 || epoch > EPOCH_MAX) {
    throw new KeyError("KEY_CLOSED", `there is no page key of epoch ${epoch}`);
  }
}
