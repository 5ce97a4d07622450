/**
 * Reading what an extent holds.
 *
 * @module
 */
import { PageError } from "../base/errors.ts";
import type { PagePointer } from "../format/address.ts";
import type { Transaction } from "../vault/transaction.ts";
import { type Extent, type PieceExtent, pageOfRun } from "./extent.ts";
import type { FsContext } from "./fs-context.ts";

/** A page that an extent's block stands in. */
export interface ContentPage {
  readonly pageClass: "data" | "pack";
  readonly pointer: PagePointer;
}

/** The page to fetch for a block of an extent; undefined where none is needed. */
export function pageOf(extent: Extent, block: number): ContentPage | undefined {
  if (extent.kind === "run") return { pageClass: "data", pointer: pageOfRun(extent, block) };
  if (extent.kind !== "piece") return undefined;
  const { address, generation } = extent;
  return { pageClass: "pack", pointer: { address, generation } };
}

/**
 * The content of one block of an extent, borrowed; shorter than PAGE_SIZE where zeros follow, undefined where the
 * block is all zeros.
 *
 * @throws PageFault, RetryAfter, PageError
 */
export function blockContent(
  context: FsContext,
  transaction: Transaction,
  extent: Extent,
  block: number,
): Uint8Array | undefined {
  switch (extent.kind) {
    case "inline":
      return extent.content;
    case "run":
      return transaction.page("data", pageOfRun(extent, block));
    case "piece":
      return pieceContent(context, extent, transaction.page("pack", extent));
    case "reserved":
      return undefined;
  }
}

function pieceContent(context: FsContext, piece: PieceExtent, page: Uint8Array): Uint8Array {
  const end = piece.offset + piece.storedLength;
  if (end > page.length) {
    const what = `the piece at ${piece.offset} reaches beyond the page`;
    throw new PageError("PAGE_CORRUPT", piece.address, what);
  }
  if (piece.codec === "plain") return page.subarray(piece.offset, end);
  return context.inflated.get(piece, page);
}
