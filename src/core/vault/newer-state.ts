/**
 * A newer state of an open vault, for readers: another process, perhaps on another machine, went on with it.
 *
 * @module
 */

import { FormatError } from "../base/errors.ts";
import { chooseHeader } from "../format/choose-header.ts";
import { decodeCommitRoot } from "../format/commit-root.ts";
import { type Header, isHeaderSigned } from "../format/header.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PublishedState, VaultParts } from "./committer.ts";

/**
 * Reads the newest state of the store.
 *
 * @param known - the header of the state that is open
 * @returns undefined when that is the newest
 * @throws FormatError, PageError when the newest does not open whole; StoreError
 */
export async function newerState(
  { store, keys, pages }: VaultParts,
  known: Header,
): Promise<PublishedState | undefined> {
  const candidates = await store.readHeaders();
  const { header, slot } = chooseHeader(candidates);
  if (header.generation <= known.generation) return undefined;
  if (!isHeaderSigned(candidates[slot] as Uint8Array, keys)) {
    throw new FormatError(
      "VAULT_DAMAGED",
      "the newest header was not written by a holder of the key that opened the vault; if the key was changed, open it again",
    );
  }
  const root = decodeCommitRoot((await fetchPage(pages, "root", header.commitRoot)).payload);
  return { header, root, slot: slot as 0 | 1, isTwin: true };
}
