/**
 * From pages that were found by a scan to the vault key: key directories are in clear text, and say which vault they
 * are of.
 *
 * @module
 */
import { FormatError, isDamage, KeyError, PageError } from "../../base/errors.ts";
import type { Platform } from "../../base/platform.ts";
import type { VaultKeys } from "../../crypto/key-schedule.ts";
import type { Credentials } from "../../crypto/unlock.ts";
import { unlockVault } from "../../crypto/unlock-vault.ts";
import type { PagePointer } from "../../format/address.ts";
import { VAULT_ID_SIZE } from "../../format/header.ts";
import { decodeKeyDirectory, type KeyDirectory } from "../../format/key-directory.ts";
import type { PagesOf } from "../../format/page-codec.ts";
import { fetchPage } from "../../pages/fetch-page.ts";
import type { PageCache } from "../../pages/page-cache.ts";
import type { PageStore } from "../../pages/page-store.ts";
import { passingPages } from "../../pages/passing-pages.ts";
import type { PageIndex } from "./page-index.ts";

/** Pages of a class that are tried with a key. */
const PAGES_TRIED = 16;

/** What pages are read from, and opened with. */
export interface RecoverySource {
  readonly store: PageStore;
  readonly platform: Platform;
  /** Borrowed until the promise ends. */
  readonly credentials: Credentials;
}

/** A vault that is unlocked, whatever else is lost of it. Pages in parts open: a header that would tell may be lost. */
export interface UnlockedPages extends PagesOf {
  /** The caller's to close. */
  readonly keys: VaultKeys;
  /** The directory that opened. */
  readonly keyDirectory: PagePointer;
}

/**
 * Unlocks with the newest key directory that opens and whose key opens any of the pages: another vault's may stand among them,
 * for the same password. An older one opens with what was valid then.
 * @throws FormatError VAULT_DAMAGED when no key directory is left; KeyError WRONG_KEY, KDF_LIMITS; StoreError
 */
export async function unlockPages(
  source: RecoverySource,
  index: PageIndex,
): Promise<UnlockedPages> {
  const { generation } = index;
  const unknown = { vaultId: new Uint8Array(VAULT_ID_SIZE), hasPageParts: true };
  const pages = passingPages(source, { ...unknown, generation, keys: undefined });
  let refusal: KeyError | undefined;
  let useless: UnlockedPages | undefined;
  for (const keyDirectory of index.keyDirectories) {
    const directory = await readDirectory(pages, keyDirectory);
    if (directory === undefined) continue;
    try {
      const unlocked = await unlockWith(source, directory, keyDirectory);
      if (await opensAny(source, index, unlocked)) {
        useless?.keys.close();
        return unlocked;
      }
      if (useless === undefined) useless = unlocked;
      else unlocked.keys.close();
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      refusal ??= error;
    }
  }
  if (useless !== undefined) return useless;
  if (refusal !== undefined) throw refusal;
  const message = "no key directory of the vault is left: without its key slots nothing opens";
  throw new FormatError("VAULT_DAMAGED", message);
}

async function unlockWith(
  { platform, credentials }: RecoverySource,
  directory: KeyDirectory,
  keyDirectory: PagePointer,
): Promise<UnlockedPages> {
  const { keys } = await unlockVault(platform, directory, credentials);
  return { vaultId: directory.vaultId, hasPageParts: true, keys, keyDirectory };
}

/** Whether a key opens a commit root or a page of the TOC. */
async function opensAny(
  source: RecoverySource,
  index: PageIndex,
  unlocked: UnlockedPages,
): Promise<boolean> {
  const pages = passingPages(source, { ...unlocked, generation: index.generation });
  for (const pageClass of ["root", "tree"] as const) {
    const pointers = pageClass === "root" ? index.roots : index.trees;
    for (const pointer of pointers.slice(0, PAGES_TRIED)) {
      try {
        await pages.load(pageClass, [pointer]);
        return true;
      } catch (error) {
        if (!(error instanceof PageError)) throw error;
      }
    }
  }
  return false;
}

async function readDirectory(
  pages: PageCache,
  pointer: PagePointer,
): Promise<KeyDirectory | undefined> {
  try {
    return decodeKeyDirectory((await fetchPage(pages, "key-directory", pointer)).payload);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}
