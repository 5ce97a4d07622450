/**
 * What the parts of a rescue share.
 *
 * @module
 */
import { compareBytes } from "../../base/bytes.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import type { Vault } from "../../vault/vault.ts";
import type { Doubts } from "./doubts.ts";
import type { FoundState, LostPart } from "./find-state.ts";
import type { Liveness } from "./liveness.ts";
import type { PageIndex } from "./page-index.ts";

/** Pages read together: as many as the page cache surely holds at once. */
const BATCH = 32;

/** What a rescue works with. */
export interface Salvage {
  /** Open for writing over the damaged one; its lost parts are cut out. */
  readonly vault: Vault;
  readonly index: PageIndex;
  readonly state: FoundState;
  readonly liveness: Liveness;
  readonly doubts: Doubts;
  readonly signal: AbortSignal | undefined;
}

/** The part a key is in, if its record is lost. */
export function partOf(key: Uint8Array, parts: readonly LostPart[]): LostPart | undefined {
  return parts.find(
    ({ from, to }) =>
      compareBytes(from, key) <= 0 && (to === undefined || compareBytes(key, to) < 0),
  );
}

/** Whether a page may hold something of a lost part, by its age. */
export function mayHold({ generation }: PagePointer, parts: readonly LostPart[]): boolean {
  return parts.some((part) => part.after < generation && generation <= part.generation);
}

/**
 * Parts whose records are not all in pages that are known to be needed. When a node above the leaves is lost, and no
 * other page, the leaves below it are found by the space map, and nothing is in doubt.
 *
 * @param hasUnopened - whether a page of the TOC that is needed did not open, beside those that lead to the parts
 */
export function partsInDoubt(
  { index, state, liveness }: Salvage,
  hasUnopened: boolean,
): readonly LostPart[] {
  if (hasUnopened || !liveness.isKnown || hasGap(index, state, liveness)) return state.lost;
  return state.lost.filter(({ level }) => level === 0);
}

/** Whether a page that is needed was not found; it may have been a node of the TOC. */
function hasGap(index: PageIndex, { lost }: FoundState, liveness: Liveness): boolean {
  const known = new Set(
    lost.flatMap(({ pointer }) => (pointer ? [pageNumber(pointer.address)] : [])),
  );
  for (const number of liveness.used()) {
    if (!index.found.has(number) && !known.has(number)) return true;
  }
  return false;
}

/** Pointers in groups that are read together. */
export function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
