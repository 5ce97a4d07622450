/**
 * What the moves of pages have in common: one transaction that makes records point to copies.
 *
 * @module
 */
import type { PagePointer } from "../../format/address.ts";
import type { Transaction, TransactionalVault } from "../../vault/transaction.ts";
import { ExtentEditor } from "../extent-editor.ts";
import { PageReferences } from "../page-references.ts";
import { PageCopies } from "./page-copies.ts";

/** Whether a page is to get a fresh place. */
export type IsWanted = (pointer: PagePointer) => boolean;

/** What one transaction that moves pages works with. */
export class Move {
  readonly transaction: Transaction;
  readonly copies: PageCopies;
  readonly #references: PageReferences;
  readonly #editors = new Map<number, ExtentEditor>();

  constructor(transaction: Transaction, copies: PageCopies) {
    this.transaction = transaction;
    this.copies = copies;
    this.#references = new PageReferences(transaction);
  }

  /** The extents of a file, with those at `first <= block < end` loaded. */
  extents(ino: number, first: number, end: number): ExtentEditor {
    let editor = this.#editors.get(ino);
    if (editor === undefined) {
      editor = new ExtentEditor(this.transaction, ino, this.#references);
      this.#editors.set(ino, editor);
    }
    editor.load(first, end);
    return editor;
  }

  /** Writes the extents that were changed, and releases pages that nothing points to any more. */
  save(): void {
    for (const editor of this.#editors.values()) editor.save();
    this.#references.settle();
  }
}

/**
 * Runs a move.
 * @param body - as the function of a transaction
 * @returns what the body returns: pages moved
 * @throws PageError of a page that cannot be read; StoreError STORE_FULL
 */
export async function runMove(
  vault: TransactionalVault,
  body: (move: Move) => number,
): Promise<number> {
  const copies = new PageCopies(vault);
  let isApplied = false;
  try {
    const moved = await vault.transact((transaction) => {
      copies.begin();
      const move = new Move(transaction, copies);
      const count = body(move);
      move.save();
      return count;
    });
    isApplied = true;
    return moved;
  } finally {
    await copies.settle(isApplied);
  }
}
