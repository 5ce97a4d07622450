/**
 * Drafts that hold parts of their blocks only, over what stands beneath: so a small write need not wait for a page.
 *
 * Whoever needs such a block whole completes its draft first, which brings the page in. A read puts both together.
 *
 * @module
 */
import type { Transaction } from "../vault/transaction.ts";
import { blockContent, pageOf } from "./block-content.ts";
import type { Extent } from "./extent.ts";
import { findExtent } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";

const NOTHING = new Uint8Array(0);

/** A write into a part of a block. */
interface PartWrite {
  /** What stands beneath. */
  readonly extent: Extent;
  readonly block: number;
  readonly isSmall: boolean;
}

/** Whether a write is better kept without the rest of its block, also where its page would have to be fetched. */
export function staysPartial(transaction: Transaction, write: PartWrite): boolean {
  const { extent, block, isSmall } = write;
  const page = extent.kind === "run" ? pageOf(extent, block) : undefined;
  return page !== undefined && (isSmall || !transaction.isResident(page.pointer));
}

/** Makes the draft of a block hold all of it. @throws PageFault, RetryAfter, PageError */
export function completeDraft(
  context: FsContext,
  transaction: Transaction,
  ino: number,
  block: number,
): void {
  if (!context.drafts.isPartial(ino, block)) return;
  const extent = findExtent(transaction, ino, block);
  const content = extent && blockContent(context, transaction, extent, block);
  context.drafts.complete(ino, block, content ?? NOTHING);
}
