/**
 * The pages a vault needs, found by following every pointer instead of asking the space map.
 *
 * @module
 */
import { FormatError, PageError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { type DamagedStep, type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import type { Inspection } from "../../vault/inspection.ts";
import { returnedIn } from "../returned-pages.ts";
import { PageUse } from "./page-use.ts";
import { pagesOfLeaf } from "./record-pages.ts";

/**
 * Finds the pages in use. Where a part of a tree is lost, pages that the space map calls used stay so: what the lost
 * part pointed to may still be rescued.
 *
 * @returns whether a page is in use, by its number
 * @throws StoreError
 */
export async function findUsedPages(inspection: Inspection): Promise<(number: number) => boolean> {
  const use = new PageUse();
  for (const { address } of inspection.ownPages) use.reach(pageNumber(address));
  const isKnown = ({ address }: PagePointer): boolean => use.has(pageNumber(address));
  const returned = new PageUse();
  const learn = (leaf: NodeStep): void => reachReturned(returned, leaf);
  let isWhole = await reachAll(use, inspection.toc(), learn);
  for (const snapshot of inspection.root.snapshots) {
    const isRead = await reachAll(use, inspection.tocOf(snapshot, isKnown), () => {});
    isWhole = isWhole && isRead;
  }
  if (!isWhole) await reachMapped(use, inspection);
  return (number) => use.has(number) || returned.has(number);
}

/** @returns whether nothing was damaged */
async function reachAll(
  use: PageUse,
  steps: AsyncIterable<NodeStep | DamagedStep>,
  visit: (leaf: NodeStep) => void,
): Promise<boolean> {
  let isWhole = true;
  for await (const step of steps) {
    use.reach(pageNumber(step.pointer.address));
    if (step.damage !== undefined) isWhole = false;
    else if (step.level === 0) {
      for (const number of pagesOfLeaf(step)) use.reach(number);
      visit(step);
    }
  }
  return isWhole;
}

/** Notes the pages that a leaf of the newest TOC says have come back from a snapshot: those of older ones do not count. */
export function reachReturned(returned: PageUse, leaf: NodeStep): void {
  for (const { key, value } of recordsIn(leaf)) {
    if (key.length <= KEY_PREFIX || key[8] !== KeyKind.returned) continue;
    try {
      for (const number of returnedIn(key, value)) returned.reach(number);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
}

async function reachMapped(use: PageUse, inspection: Inspection): Promise<void> {
  for await (const part of inspection.spaceMap()) {
    if (part instanceof PageError) continue;
    for (let bit = 0; bit < part.count; bit++) {
      if (part.isUsed(bit)) use.reach(part.first + bit);
    }
  }
}
