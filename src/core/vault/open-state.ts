/**
 * From a store and credentials to the newest state that opens whole.
 *
 * The header with the highest generation counts. When it is forged, or its key directory or commit root is damaged,
 * the other slot's is tried: it describes the commit before, or the same state again.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { FormatError, PageError } from "../base/errors.ts";
import type { Platform } from "../base/platform.ts";
import type { VaultKeys } from "../crypto/key-schedule.ts";
import type { KeySlot } from "../crypto/key-slot.ts";
import type { WrappedOlderKey } from "../crypto/older-key.ts";
import type { Credentials } from "../crypto/unlock.ts";
import { unlockVault } from "../crypto/unlock-vault.ts";
import type { PagePointer } from "../format/address.ts";
import { chooseHeader } from "../format/choose-header.ts";
import { type CommitRoot, decodeCommitRoot } from "../format/commit-root.ts";
import { decodeHeader, type Header, isHeaderSigned } from "../format/header.ts";
import { decodeKeyDirectory, type KeyDirectory } from "../format/key-directory.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageStore } from "../pages/page-store.ts";
import { passingPages } from "../pages/passing-pages.ts";
import type { PublishedState } from "./committer.ts";
import { isSameState } from "./same-state.ts";

/** An unlocked vault at its newest whole state. */
export interface OpenedState extends PublishedState {
  readonly keys: VaultKeys;
  readonly slots: readonly KeySlot[];
  /** Vault keys of before that are still needed, as the key directory has them. */
  readonly older: readonly WrappedOlderKey[];
  /** Id of the key slot that opened the vault. */
  readonly slotId: string;
  /** What was not as it should be, for people to read. */
  readonly warnings: readonly string[];
  /** Whether the key directory is damaged, and the vault was opened by its spare. */
  readonly isSpareUsed: boolean;
  /** Pages that only the other slot's header needs, when it describes the same state. */
  readonly spare: readonly PagePointer[];
}

/** What opening stands on. */
export interface Opening {
  readonly store: PageStore;
  readonly platform: Platform;
  readonly credentials: Credentials;
}

/**
 * Opens the newest state.
 * @throws FormatError NOT_A_VAULT, VERSION_UNKNOWN, VAULT_DAMAGED; KeyError WRONG_KEY, KDF_LIMITS; StoreError
 */
export async function openState(opening: Opening): Promise<OpenedState> {
  const candidates = [...(await opening.store.readHeaders())];
  const warnings: string[] = [];
  let damage: unknown;
  while (damage === undefined || candidates.some((stored) => stored !== undefined)) {
    const { header, slot, damaged } = choose(candidates, damage);
    try {
      const state = await tryHeader(opening, candidates[slot] as Uint8Array, header);
      if (damage === undefined) warnings.push(...slotWarnings(opening.store, candidates, damaged));
      if (state.isSpareUsed) {
        warnings.push("the key directory is damaged; its spare opened the vault");
      }
      const other = await compareOther(opening, { ...state, header }, candidates[1 - slot]);
      if (other.kind === "damaged" && warnings.length === 0) {
        warnings.push("the spare commit root is damaged; the next commit replaces it");
      }
      const isTwin = other.kind === "same";
      const { spare = [] } = other;
      return { ...state, header, slot: slot as 0 | 1, isTwin, warnings, spare };
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage ??= error;
      warnings.push(
        `commit ${header.generation} does not open (${error.message}); the one before was tried`,
      );
      candidates[slot] = undefined;
    }
  }
  throw damaged(damage);
}

/** What is wrong with header slots. A log of headers begins with one; two slots both hold something from the start. */
function slotWarnings(
  store: PageStore,
  candidates: readonly (Uint8Array | undefined)[],
  damaged: readonly number[],
): string[] {
  return damaged
    .filter((slot) => store.reusesAddresses || candidates[slot] !== undefined)
    .map((slot) => `header slot ${slot} is damaged; the vault was opened from the other one`);
}

function choose(
  candidates: readonly (Uint8Array | undefined)[],
  damage: unknown,
): ReturnType<typeof chooseHeader> {
  try {
    return chooseHeader(candidates);
  } catch (error) {
    throw damage === undefined ? error : damaged(damage);
  }
}

function damaged(cause: unknown): FormatError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FormatError("VAULT_DAMAGED", `the vault is damaged: ${reason}`, { cause });
}

function isDamage(error: unknown): error is PageError | FormatError {
  return (
    error instanceof PageError || (error instanceof FormatError && error.code !== "VERSION_UNKNOWN")
  );
}

async function tryHeader(
  { store, platform, credentials }: Opening,
  stored: Uint8Array,
  header: Header,
): Promise<Omit<OpenedState, "header" | "slot" | "isTwin" | "warnings" | "spare">> {
  const { vaultId } = header;
  const { slots, older, isSpareUsed } = await readKeyDirectory(store, platform, header);
  const { keys, slotId } = await unlockVault(platform, { vaultId, slots, older }, credentials);
  try {
    if (!isHeaderSigned(stored, keys)) {
      throw new FormatError("VAULT_DAMAGED", "the header was not written by a holder of the key");
    }
    return {
      keys,
      slots,
      older,
      slotId,
      isSpareUsed,
      root: await readRoot(store, platform, { header, keys }),
    };
  } catch (error) {
    keys.close();
    throw error;
  }
}

/**
 * Key slots and older keys, which are in clear text and sealed, of the key directory or its spare.
 * @throws PageError, FormatError RECORD_MALFORMED
 */
async function readKeyDirectory(
  store: PageStore,
  platform: Platform,
  header: Header,
): Promise<Pick<OpenedState, "slots" | "older" | "isSpareUsed">> {
  const pages = passingPages({ store, platform }, { ...header, keys: undefined });
  const read = async (pointer: PagePointer): Promise<KeyDirectory> => {
    const { payload } = await fetchPage(pages, "key-directory", pointer);
    const directory = decodeKeyDirectory(payload);
    // It is in clear text, so nothing else binds it to its vault.
    if (equalBytes(directory.vaultId, header.vaultId)) return directory;
    throw new FormatError("RECORD_MALFORMED", "the key directory is another vault's");
  };
  const { keyDirectory, spareDirectory } = header;
  try {
    return { ...(await read(keyDirectory)), isSpareUsed: false };
  } catch (error) {
    if (spareDirectory === undefined || !isDamage(error)) throw error;
    return { ...(await read(spareDirectory)), isSpareUsed: true };
  }
}

async function readRoot(
  store: PageStore,
  platform: Platform,
  { header, keys }: { readonly header: Header; readonly keys: VaultKeys },
): Promise<CommitRoot> {
  const pages = passingPages({ store, platform }, { ...header, keys });
  return decodeCommitRoot((await fetchPage(pages, "root", header.commitRoot)).payload);
}

/**
 * Whether another slot describes the same TOC and snapshots under the same key directory, with a root page that opens. A store that
 * never reuses addresses keeps a log of headers instead of slots, so there is nothing to be made the same.
 */
async function compareOther(
  { store, platform }: Opening,
  state: { readonly header: Header; readonly root: CommitRoot; readonly keys: VaultKeys },
  stored: Uint8Array | undefined,
): Promise<OtherSlot> {
  if (!store.reusesAddresses) return { kind: "same" };
  if (stored === undefined) return { kind: "older" };
  try {
    const header = decodeHeader(stored);
    const signers = [state.keys, ...state.keys.olderSigners()];
    if (!signers.some((signer) => isHeaderSigned(stored, signer))) return { kind: "damaged" };
    const other = await readRoot(store, platform, { header, keys: state.keys });
    if (!isSameState({ header, root: other }, state)) return { kind: "older" };
    const pages = passingPages({ store, platform }, { ...header, keys: state.keys });
    // What does not open need not be kept: a root may name any pages.
    for (const pointer of other.spaceMap) await fetchPage(pages, "space", pointer);
    return { kind: "same", spare: [header.commitRoot, ...other.spaceMap] };
  } catch (error) {
    if (isDamage(error) || error instanceof FormatError) return { kind: "damaged" };
    throw error;
  }
}

/** What the other slot holds; `spare` is as in {@link OpenedState}, with pages that both may have. */
interface OtherSlot {
  readonly kind: "same" | "older" | "damaged";
  readonly spare?: readonly PagePointer[];
}
