/**
 * Makes a vault file short: pages at its end move into free places further up, by commits like any other, and what is free at
 * the end in the end is cut off when the store is closed.
 *
 * Pages that snapshots have stay where they are, since nothing may change in a snapshot; what is behind the last of them is
 * gained all the same.
 *
 * @module
 */
import { type PagePointer, pageNumber } from "../../format/address.ts";
import { recordsIn } from "../../tree/walk-tree.ts";
import type { Vault } from "../../vault/vault.ts";
import { PageUse } from "../check/page-use.ts";
import { pagesOfRecord } from "../check/record-pages.ts";
import { type MoveOptions, PageMover } from "./page-mover.ts";

/** Passes after which it is left as it is. */
const PASSES_MAX = 3;

/** Commits after which what died before them is free. */
const COMMITS_TO_FREE = 3;

/** Where the pages are. */
export interface CompactedStore {
  /** One past the highest page number in use. */
  readonly end: number;
  /** Hands out the lowest free pages from now on. */
  packTight(): void;
  /** Gives up free pages at the end. @returns the new end */
  trim(): number;
}

/** What there is to gain, in pages. */
export interface CompactionPlan {
  /** The file now. */
  readonly pages: number;
  /** The file then, but for a few pages. */
  readonly pagesAfter: number;
  /** One past the highest page that a snapshot has; 0 without snapshots. */
  readonly pinned: number;
}

/** How a vault is compacted. */
export interface CompactOptions extends Pick<MoveOptions, "signal" | "breathe"> {
  readonly onProgress?: (progress: {
    readonly movedPages: number;
    readonly totalPages: number;
  }) => void;
}

/**
 * Looks what there is to gain. A vault that is open for writing commits before, so that what was deleted lately is gained too.
 * @throws StoreError, CommitError
 */
export async function planCompaction(vault: Vault): Promise<CompactionPlan> {
  if (!vault.readOnly) await vault.commit();
  const pinned = await pinnedEnd(vault);
  const { end, pagesInUse } = vault.inspect().root;
  return { pages: end, pagesAfter: Math.min(end, Math.max(pagesInUse, pinned)), pinned };
}

/**
 * Moves pages up, as the plan says.
 * @throws PageError when a node of the TOC does not open; StoreError, CommitError; the signal's reason
 */
export async function compactPages(
  vault: Vault,
  store: CompactedStore,
  plan: CompactionPlan,
  options: CompactOptions,
): Promise<void> {
  const { signal, breathe, onProgress } = options;
  const newest = Math.max(-1, ...vault.snapshots.list().map(({ generation }) => generation));
  const limit = plan.pagesAfter;
  const totalPages = Math.max(0, plan.pages - limit);
  const isWanted = ({ address, generation }: PagePointer): boolean =>
    pageNumber(address) >= limit && generation > newest;
  store.packTight();
  let end = store.end;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const onMoved = (moved: number): void =>
      onProgress?.({ movedPages: Math.min(moved, totalPages), totalPages });
    const mover = new PageMover(vault, { isWanted, signal, breathe, onMoved });
    await mover.run();
    for (let n = 0; n < COMMITS_TO_FREE; n++) await vault.keys.renewWithMap();
    const shorter = store.trim();
    if (shorter === end || shorter <= limit) return;
    end = shorter;
  }
}

/** One past the highest page that a snapshot has. */
function pinnedEnd(vault: Vault): Promise<number> {
  const { snapshots } = vault;
  return snapshots.whileKept(async () => {
    const inspection = vault.inspect();
    const seen = new PageUse();
    const isSeen = ({ address }: PagePointer): boolean => seen.has(pageNumber(address));
    let end = 0;
    for (const snapshot of snapshots.list()) {
      for await (const step of inspection.tocOf(snapshot, isSeen)) {
        const node = pageNumber(step.pointer.address);
        seen.reach(node);
        end = Math.max(end, node + 1);
        if (step.damage !== undefined || step.level > 0) continue;
        for (const { key, value } of recordsIn(step)) {
          const { start, count } = pagesOfRecord(key, value) ?? { start: 0, count: 0 };
          end = Math.max(end, start + count);
        }
      }
    }
    return end;
  });
}
