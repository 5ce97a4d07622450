/**
 * The transaction of a flush: records for blocks whose pages were added.
 *
 * @module
 */
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { Transaction } from "../vault/transaction.ts";
import { ExtentEditor } from "./extent-editor.ts";
import type { FsContext } from "./fs-context.ts";
import { editInodeIfThere, saveInode } from "./inodes.ts";
import { standsAt } from "./open-pack.ts";
import { PageReferences } from "./page-references.ts";
import { extentOf, type Layout, type Placement, pageUsed } from "./placement.ts";

/** A layout with the pages that were added for it. */
export interface AddedLayout extends Layout {
  readonly pointers: readonly PagePointer[];
}

/**
 * Stores blocks of one or more files and drops their drafts. Those that changed since they were frozen or moved, or
 * whose file is gone, are left out.
 *
 * @param placements - of `layout`, those of a file side by side and in order
 * @returns numbers of the layout's pages that are used now
 */
export function placeBlocks(
  context: FsContext,
  layout: AddedLayout,
  placements: readonly Placement[],
): MaybePromise<ReadonlySet<number>> {
  const done = context.change((transaction) => {
    const placer = new BlockPlacer(context, transaction, layout);
    for (const own of groupByFile(placements)) placer.placeFile(own);
    return placer.finish();
  });
  return chain(done, (used) => {
    for (const placement of placements) {
      if (!isSame(context, placement)) continue;
      context.attributes.recall(placement.ino);
      context.drafts.drop(placement.ino, placement.block);
    }
    return used;
  });
}

/** Whether a placement is made of a draft that is still the same. */
function isSame(context: FsContext, placement: Placement): boolean {
  const { ino, block, source } = placement;
  return "draft" in source && context.drafts.isSame(ino, block, source.draft);
}

/** Neighbouring placements of the same file, together. */
export function groupByFile(placements: readonly Placement[]): readonly (readonly Placement[])[] {
  const files: Placement[][] = [];
  for (const placement of placements) {
    const current = files[files.length - 1];
    if (current?.[0]?.ino === placement.ino) current.push(placement);
    else files.push([placement]);
  }
  return files;
}

/** Stores the blocks of one run of the transaction function. */
class BlockPlacer {
  readonly #context: FsContext;
  readonly #transaction: Transaction;
  readonly #layout: AddedLayout;
  readonly #references: PageReferences;
  readonly #used = new Set<number>();

  constructor(context: FsContext, transaction: Transaction, layout: AddedLayout) {
    this.#context = context;
    this.#transaction = transaction;
    this.#layout = layout;
    this.#references = new PageReferences(transaction);
  }

  /** @param placements - all of the same file, in order */
  placeFile(placements: readonly Placement[]): void {
    const ino = placements[0]?.ino ?? 0;
    const live = placements.filter(
      (placement) => "origin" in placement.source || isSame(this.#context, placement),
    );
    const inode = editInodeIfThere(this.#transaction, ino);
    if (inode === undefined || live.length === 0) return;
    const editor = new ExtentEditor(this.#transaction, ino, this.#references);
    loadAround(editor, live);
    for (const placement of live) this.#placeBlock(editor, placement);
    const change = editor.save();
    if (change === 0) return;
    inode.mappedBlocks += change;
    saveInode(this.#transaction, inode);
  }

  #placeBlock(editor: ExtentEditor, placement: Placement): void {
    const { block, source } = placement;
    if ("origin" in source && !standsAt(editor.at(block), source.origin)) return;
    const extent = extentOf(placement, this.#layout, this.#layout.pointers);
    const page = pageUsed(placement, this.#layout);
    if (page !== undefined) this.#used.add(page);
    if (extent !== undefined) editor.put(extent);
    else if (editor.at(block)?.kind !== "reserved") editor.clear(block, block + 1);
  }

  /** @returns numbers of the pages that are used */
  finish(): ReadonlySet<number> {
    this.#references.settle();
    return this.#used;
  }
}

/** Loads the extents at each row of neighbouring blocks. */
function loadAround(editor: ExtentEditor, placements: readonly Placement[]): void {
  let first = placements[0]?.block ?? 0;
  let end = first;
  for (const { block } of placements) {
    if (block !== end) {
      editor.load(first, end);
      first = block;
    }
    end = block + 1;
  }
  editor.load(first, end);
}
