/**
 * Copies of what a snapshot has, made where no name leads: each is a nameless inode with an orphan record until it is
 * linked, so what an interrupted restore leaves is reclaimed by the next mount.
 *
 * Content is not copied but shared, page by page (FORMAT.md §7.7, §7.8). Pages that the vault has too stand in runs of the
 * same inode there, which are marked as shared before.
 *
 * @module
 */
import { pageNumber } from "../../../format/address.ts";
import type { Transaction, TransactionalVault } from "../../../vault/transaction.ts";
import { type Dentry, findDentry, putDentry } from "../../dentry.ts";
import { BLOCK_END, type Extent, extentEnd, sliceExtent } from "../../extent.ts";
import { EDIT_BUDGET, ExtentEditor } from "../../extent-editor.ts";
import { S_IFDIR, S_IFMT } from "../../file-system.ts";
import { visitExtents } from "../../find-extents.ts";
import type { FsContext } from "../../fs-context.ts";
import { InodeFlag, InodeRecord } from "../../inode-record.ts";
import { editInode, hasInode, saveInode } from "../../inodes.ts";
import { deleteOrphan } from "../../orphan-record.ts";
import { putNameless } from "../../orphans.ts";
import { PageReferences } from "../../page-references.ts";
import { ReturnedPages } from "../../returned-pages.ts";
import { listEntries } from "./list-entries.ts";
import { putInlineXattrs, setLargeXattrs } from "./put-xattrs.ts";
import type { Selection } from "./selection.ts";
import { contentEnd, readInode, type StoredInode } from "./stored-inode.ts";

/** Extents, and pages of them, copied in one transaction. */
const EXTENT_BATCH = 256;
const PAGE_BATCH = 16_384;

/** An inode that waits for its name. */
export interface CopiedInode extends Dentry {
  /** Links of a directory once it has its name; 1 for others, which count their names. */
  readonly links: number;
}

/** A directory of the copy, and the name in it. */
interface CopyPlace {
  readonly parent: number;
  readonly name: Uint8Array;
}

/** Extents of a file from a block on. */
interface ExtentBatch {
  readonly extents: readonly Extent[];
  /** Where the next batch begins; undefined when there is none. */
  readonly next: number | undefined;
}

export class TreeCopy {
  readonly #context: FsContext;
  readonly #source: TransactionalVault;
  /** What stands for files with several names, by their number in the snapshot. */
  readonly #linked = new Map<number, CopiedInode>();
  /** Copies that no name leads to yet. */
  readonly roots: Set<number> = new Set();

  /** @param same - files that need no copy when they get one more name, by their number in the snapshot */
  constructor(context: FsContext, source: TransactionalVault, same: ReadonlyMap<number, Dentry>) {
    this.#context = context;
    this.#source = source;
    for (const [ino, live] of same) this.#linked.set(ino, { ...live, links: 1 });
  }

  /**
   * Copies an inode of the snapshot, with what is meant below it.
   * @param parent - the directory it will stand in
   * @throws PageError, StoreError
   */
  async copy(ino: number, below: Selection, parent: number): Promise<CopiedInode> {
    return this.#copyTo(ino, below, { directory: parent, place: undefined });
  }

  async #copyTo(
    ino: number,
    below: Selection,
    target: { readonly directory: number; readonly place: CopyPlace | undefined },
  ): Promise<CopiedInode> {
    const known = this.#linked.get(ino);
    if (known !== undefined) {
      const { place } = target;
      if (place !== undefined) await this.#change((t) => this.#addName(t, known.ino, place));
      return known;
    }
    const stored = await readInode(this.#source, ino);
    return stored.record.isDirectory
      ? this.#copyDirectory(stored, below, target)
      : this.#copyFile(stored, target.place);
  }

  async #change<T>(body: (transaction: Transaction) => T): Promise<T> {
    return this.#context.change(body);
  }

  async #copyDirectory(
    stored: StoredInode,
    below: Selection,
    { directory, place }: { readonly directory: number; readonly place: CopyPlace | undefined },
  ): Promise<CopiedInode> {
    const ino = await this.#change((transaction) => {
      const inode = this.#newInode(transaction, stored, place);
      inode.parent = directory;
      if (place !== undefined) enterDirectory(transaction, place.parent, inode);
      saveInode(transaction, inode);
      return inode.ino;
    });
    await this.#finishInode(ino, stored, place);
    let links = 2;
    for await (const entry of this.#children(stored.record.ino, below)) {
      const inside = { directory: ino, place: { parent: ino, name: entry.name } };
      await this.#copyTo(entry.ino, entry.below, inside);
      if (entry.type === S_IFDIR) links += 1;
    }
    return { ino, type: S_IFDIR, links };
  }

  async *#children(
    directory: number,
    below: Selection,
  ): AsyncGenerator<Dentry & { readonly name: Uint8Array; readonly below: Selection }> {
    if (below === "all") {
      for await (const entry of listEntries(this.#source, directory)) yield { ...entry, below };
      return;
    }
    for (const selected of below) {
      const { name } = selected;
      const found = await this.#source.transact((t) => findDentry(t, directory, name));
      if (found !== undefined) yield { ...found, ...selected };
    }
  }

  async #copyFile(stored: StoredInode, place: CopyPlace | undefined): Promise<CopiedInode> {
    const { record } = stored;
    let batch = await this.#extentsFrom(record, 0);
    if (hasOwnRuns(batch)) await this.#shareLive(record.ino);
    const ino = await this.#change((transaction) => {
      const inode = this.#newInode(transaction, stored, place);
      putExtents(transaction, inode, batch.extents);
      saveInode(transaction, inode);
      return inode.ino;
    });
    const copied = { ino, type: record.mode & S_IFMT, links: 1 };
    if (record.nlink > 1) this.#linked.set(record.ino, copied);
    await this.#finishInode(ino, stored, place);
    while (batch.next !== undefined) {
      batch = await this.#extentsFrom(record, batch.next);
      const { extents } = batch;
      await this.#change((transaction) => {
        const inode = editInode(transaction, ino);
        putExtents(transaction, inode, extents);
        saveInode(transaction, inode);
      });
    }
    return copied;
  }

  /** An inode under edit with the attributes of another, and its name or an orphan record. */
  #newInode(
    transaction: Transaction,
    { record, xattrs }: StoredInode,
    place: CopyPlace | undefined,
  ): InodeRecord {
    const inode = new InodeRecord(transaction.nextIno(), new Uint8Array(record.bytes));
    for (const flag of Object.values(InodeFlag)) inode.mark(flag, false);
    inode.mappedBlocks = 0;
    inode.nlink = place === undefined ? 0 : 1;
    this.#context.stampChange(inode);
    putInlineXattrs(transaction, inode.ino, xattrs);
    if (place === undefined) putNameless(this.#context, transaction, inode.ino);
    else putDentry(transaction, place.parent, place.name, { ino: inode.ino, type: inode.mode });
    transaction.countInodes(1);
    return inode;
  }

  /** Takes note of a nameless copy, and sets attributes that take pages. */
  async #finishInode(
    ino: number,
    { xattrs }: StoredInode,
    place: CopyPlace | undefined,
  ): Promise<void> {
    if (place === undefined) this.roots.add(ino);
    await setLargeXattrs(this.#context, ino, xattrs);
  }

  /** Gives a copy one more name. */
  #addName(transaction: Transaction, ino: number, { parent, name }: CopyPlace): void {
    const inode = editInode(transaction, ino);
    if (inode.nlink === 0) deleteOrphan(transaction, ino);
    inode.nlink += 1;
    saveInode(transaction, inode);
    putDentry(transaction, parent, name, { ino, type: inode.mode });
  }

  async #extentsFrom(record: InodeRecord, first: number): Promise<ExtentBatch> {
    const end = contentEnd(record);
    return this.#source.transact((transaction) => {
      const extents: Extent[] = [];
      let next: number | undefined;
      let pages = PAGE_BATCH;
      visitExtents(transaction, { ino: record.ino, first, end }, (extent) => {
        const from = Math.max(first, extent.block);
        const to = Math.min(end, extentEnd(extent), from + pages);
        if (from < to && extents.length < EXTENT_BATCH) extents.push(sliceExtent(extent, from, to));
        else if (from < end) next = from;
        if (next === undefined && to < Math.min(end, extentEnd(extent))) next = to;
        pages -= to - from;
        return next === undefined && from < end;
      });
      return { extents, next };
    });
  }

  /** Marks all runs of an inode of the vault as shared, if it is still there. */
  async #shareLive(ino: number): Promise<void> {
    for (let first = 0; first < BLOCK_END; ) {
      const from = first;
      first = await this.#change((transaction) => {
        if (!hasInode(transaction, ino)) return BLOCK_END;
        const references = new PageReferences(transaction);
        const editor = new ExtentEditor(transaction, ino, references);
        const until = editor.load(from, BLOCK_END, EDIT_BUDGET);
        editor.share(from, until);
        editor.save();
        references.settle();
        return until;
      });
    }
  }
}

/** Counts the links between a directory of the copy, under edit, and the one it stands in, which has none before its name. */
function enterDirectory(transaction: Transaction, parent: number, inode: InodeRecord): void {
  inode.nlink = 2;
  const above = editInode(transaction, parent);
  if (above.nlink > 0) above.nlink += 1;
  saveInode(transaction, above);
}

/** Whether a file alone has pages in the snapshot. */
function hasOwnRuns({ extents, next }: ExtentBatch): boolean {
  return next !== undefined || extents.some((extent) => extent.kind === "run" && !extent.shared);
}

/** Puts extents of a snapshot into an inode under edit. */
function putExtents(
  transaction: Transaction,
  inode: InodeRecord,
  extents: readonly Extent[],
): void {
  const references = new PageReferences(transaction);
  const editor = new ExtentEditor(transaction, inode.ino, references);
  for (const extent of extents) editor.put(extent);
  const [first, last] = [extents[0], extents.at(-1)];
  if (first !== undefined && last !== undefined) editor.share(first.block, extentEnd(last));
  const mapped = editor.save();
  if (inode.isFile) inode.mappedBlocks += mapped;
  references.settle();
  const returned = extents.flatMap((extent) =>
    extent.kind === "run" || extent.kind === "piece"
      ? [{ start: pageNumber(extent.address), count: extent.count }]
      : [],
  );
  new ReturnedPages(transaction).add(returned);
}
