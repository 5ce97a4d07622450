/**
 * The last pack page that has much room left. The next flush that makes a pack moves its pieces there, which costs no
 * page more; so files that are synced one by one do not get a page each.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe-promise.ts";
import { type PagePointer, samePointer } from "../format/address.ts";
import type { Transaction } from "../vault/transaction.ts";
import type { Extent, PieceExtent } from "./extent.ts";
import { findExtent } from "./find-extents.ts";
import type { FsContext } from "./fs-context.ts";
import { decodePackTable, PACK_CAPACITY, type PackPiece } from "./pack.ts";

/** A piece that stands in a pack already. */
export interface CarriedPiece extends PackPiece {
  readonly origin: PieceOrigin;
}

/** Where a piece stands. */
export interface PieceOrigin {
  readonly pointer: PagePointer;
  readonly offset: number;
}

/** A fuller pack stays as it is, bytes. */
const FULL_ENOUGH: number = PACK_CAPACITY / 2;

/** Whether an extent is the piece at an origin. */
export function standsAt(extent: Extent | undefined, origin: PieceOrigin): extent is PieceExtent {
  if (extent?.kind !== "piece" || extent.offset !== origin.offset) return false;
  return samePointer(extent, origin.pointer);
}

export class OpenPack {
  readonly #context: FsContext;
  #pieces: readonly CarriedPiece[] = [];

  constructor(context: FsContext) {
    this.#context = context;
  }

  /** A pack was stored; it is remembered when it has room enough. */
  remember(pointer: PagePointer, payload: Uint8Array): void {
    if (payload.length > FULL_ENOUGH) return;
    this.#pieces = decodePackTable(payload).map((entry) => ({
      ...entry,
      stored: payload.subarray(entry.offset, entry.offset + entry.storedLength),
      origin: { pointer, offset: entry.offset },
    }));
  }

  /** The pieces that files still use. @throws PageError */
  livePieces(): MaybePromise<readonly CarriedPiece[]> {
    if (this.#pieces.length === 0) return this.#pieces;
    return this.#context.view((transaction: Transaction) =>
      this.#pieces.filter(({ ino, block, origin }) =>
        standsAt(findExtent(transaction, ino, block), origin),
      ),
    );
  }
}
