/**
 * Counts the pages of the TOC, of what it points to, and of the log that are wanted: how much there is to move, or that
 * nothing is left.
 *
 * @module
 */
import { addressOf, type PagePointer, pageNumber } from "../../format/address.ts";
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

/** How a survey is made. */
export interface SurveyOptions {
  readonly isWanted: IsWanted;
  readonly signal?: AbortSignal | undefined;
  /** Called with what was found before anything can come back from a snapshot. */
  readonly conclude: (survey: Survey) => Promise<void>;
}

/** Surveys the state of a commit that is made for it. @throws StoreError, CommitError; the signal's reason */
export function surveyPages(
  vault: Vault,
  { isWanted, signal, conclude }: SurveyOptions,
): Promise<Survey> {
  return vault.snapshots.whileHeld(async ({ generation, toc, walk }) => {
    const wanted = new PageUse();
    let damagedNodes = 0;
    // Commits go on naming the log that the vault was opened with until what it says of drafts is taken over.
    for (const pointer of vault.inspect().logPages) reachIf(wanted, pointer, isWanted);
    for await (const step of walk(toc, () => false)) {
      signal?.throwIfAborted();
      reachIf(wanted, step.pointer, isWanted);
      if (step.damage !== undefined) damagedNodes += 1;
      else if (step.level === 0) reachWanted(wanted, step, isWanted);
    }
    const survey = { generation, pages: wanted.count, damagedNodes };
    await conclude(survey);
    return survey;
  });
}

function reachWanted(wanted: PageUse, leaf: NodeStep, isWanted: IsWanted): void {
  for (const { key, value } of recordsIn(leaf)) {
    const found = pagesOfRecord(key, value);
    if (found === undefined) continue;
    const { start, count, generation } = found;
    for (let number = start; number < start + count; number++) {
      reachIf(wanted, { address: addressOf(number), generation }, isWanted);
    }
  }
}

function reachIf(wanted: PageUse, pointer: PagePointer, isWanted: IsWanted): void {
  if (isWanted(pointer)) wanted.reach(pageNumber(pointer.address));
}
