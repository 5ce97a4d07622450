/**
 * Back references of pages that several blocks may stand in: packs, and runs that were copied.
 *
 * @module
 */
import type { Transaction } from "../vault/transaction.ts";
import type { Extent } from "./extent.ts";
import { PieceReferences } from "./piece-references.ts";
import { ReturnedPages } from "./returned-pages.ts";
import { SharedRuns } from "./shared-runs.ts";

/** What one transaction changes about them. */
export class PageReferences {
  readonly #pieces: PieceReferences;
  readonly #runs: SharedRuns;

  constructor(transaction: Transaction) {
    const returned = new ReturnedPages(transaction);
    this.#pieces = new PieceReferences(transaction, returned);
    this.#runs = new SharedRuns(transaction, returned);
  }

  /** Notes that an extent of `ino` now is there. */
  add(ino: number, extent: Extent): void {
    if (extent.kind === "piece") this.#pieces.add(ino, extent);
    else if (extent.kind === "run" && extent.shared) this.#runs.add(ino, extent);
  }

  /** Notes that an extent of `ino` is no longer there; comes before what is added in its place. */
  remove(ino: number, extent: Extent): void {
    if (extent.kind === "piece") this.#pieces.remove(ino, extent);
    else if (extent.kind === "run" && extent.shared) this.#runs.remove(ino, extent);
  }

  /** Releases the pages that lost their last user, unless they came back from a snapshot; call once, after all changes. */
  settle(): void {
    this.#pieces.settle();
    this.#runs.settle();
  }
}
