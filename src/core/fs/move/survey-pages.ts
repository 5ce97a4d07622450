/**
 * Counts the pages of the TOC, and of what it points to, that are wanted: how much there is to move, or that nothing is left.
 *
 * @module
 */
import { addressOf, pageNumber } from "../../format/address.ts";
import { type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import type { Vault } from "../../vault/vault.ts";
import { PageUse } from "../check/page-use.ts";
import { pagesOfRecord } from "../check/record-pages.ts";
import type { IsWanted } from "./move.ts";

/** What a survey found of the state of one commit. */
export interface Survey {
  readonly generation: number;
  /** Pages that are wanted. */
  readonly pages: number;
  /** Nodes of the TOC that do not open, so that it is unknown what they lead to. */
  readonly damagedNodes: number;
}

/** Surveys the state of a commit that is made for it. @throws StoreError, CommitError; the signal's reason */
export function surveyPages(
  vault: Vault,
  isWanted: IsWanted,
  signal?: AbortSignal,
): Promise<Survey> {
  return vault.snapshots.look(async ({ generation, toc, walk }) => {
    const wanted = new PageUse();
    let damagedNodes = 0;
    for await (const step of walk(toc, () => false)) {
      signal?.throwIfAborted();
      if (isWanted(step.pointer)) wanted.reach(pageNumber(step.pointer.address));
      if (step.damage !== undefined) damagedNodes += 1;
      else if (step.level === 0) reachWanted(wanted, step, isWanted);
    }
    return { generation, pages: wanted.count, damagedNodes };
  });
}

function reachWanted(wanted: PageUse, leaf: NodeStep, isWanted: IsWanted): void {
  for (const { key, value } of recordsIn(leaf)) {
    const found = pagesOfRecord(key, value);
    if (found === undefined) continue;
    const { start, count, generation } = found;
    for (let number = start; number < start + count; number++) {
      if (isWanted({ address: addressOf(number), generation })) wanted.reach(number);
    }
  }
}
