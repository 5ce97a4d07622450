/**
 * From pages that were found by a scan to the vault key: key directories are in clear text, and say which vault they
 * are of.
 *
 * @module
 */
import { FormatError, KeyError, PageError } from "../../base/errors.ts";
import type { Platform } from "../../base/platform.ts";
import { VaultKeys } from "../../crypto/key-schedule.ts";
import { openOlderKeys } from "../../crypto/older-key.ts";
import { type Credentials, unlock } from "../../crypto/unlock.ts";
import type { PagePointer } from "../../format/address.ts";
import { VAULT_ID_SIZE } from "../../format/header.ts";
import { decodeKeyDirectory, type KeyDirectory } from "../../format/key-directory.ts";
import { PageCodec } from "../../format/page-codec.ts";
import { pageBuffers } from "../../pages/page-buffers.ts";
import { PageCache } from "../../pages/page-cache.ts";
import type { PageStore } from "../../pages/page-store.ts";
import type { PageIndex } from "./page-index.ts";

/** What pages are read from, and opened with. */
export interface RecoverySource {
  readonly store: PageStore;
  readonly platform: Platform;
  /** Borrowed until the promise ends. */
  readonly credentials: Credentials;
}

/** A vault that is unlocked, whatever else is lost of it. */
export interface UnlockedPages {
  readonly vaultId: Uint8Array;
  /** The caller's to close. */
  readonly keys: VaultKeys;
  /** The directory that opened. */
  readonly keyDirectory: PagePointer;
}

/**
 * Unlocks with the newest key directory that opens. An older one opens with what was valid then.
 * @throws FormatError VAULT_DAMAGED when no key directory is left; KeyError WRONG_KEY, KDF_LIMITS; StoreError
 */
export async function unlockPages(
  { store, platform, credentials }: RecoverySource,
  index: PageIndex,
): Promise<UnlockedPages> {
  const codec = new PageCodec(new Uint8Array(VAULT_ID_SIZE), undefined, platform.random);
  const openGeneration = index.generation + 1;
  const buffers = pageBuffers(platform);
  const pages = new PageCache({ store, codec, buffers, budgetBytes: 0, openGeneration });
  let refusal: KeyError | undefined;
  for (const keyDirectory of index.keyDirectories) {
    const directory = await readDirectory(pages, keyDirectory);
    if (directory === undefined) continue;
    try {
      const { vaultId, slots } = directory;
      const { vaultKey } = await unlock(platform, vaultId, slots, credentials);
      const older = await openOlderKeys(platform, { vaultId, vaultKey }, directory.older);
      const keys = new VaultKeys(vaultId, vaultKey, platform.aead, older);
      return { vaultId, keys, keyDirectory };
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  const message = "no key directory of the vault is left: without its key slots nothing opens";
  throw new FormatError("VAULT_DAMAGED", message);
}

async function readDirectory(
  pages: PageCache,
  pointer: PagePointer,
): Promise<KeyDirectory | undefined> {
  try {
    await pages.load("key-directory", [pointer]);
    return decodeKeyDirectory(pages.page("key-directory", pointer).payload);
  } catch (error) {
    if (error instanceof PageError || error instanceof FormatError) return undefined;
    throw error;
  }
}
