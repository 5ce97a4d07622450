/**
 * Turns drafts into records: before each commit, when too many wait, and while a long file is being written. A commit may
 * leave those that are unfilled to its log.
 *
 *     drafts --fill--> --freeze--> layout --addPages--> pages --one transaction--> records; drafts dropped
 *
 * 1. Calls go on between freezing and the transaction. A draft that was changed meanwhile stays a draft; a page that was
 *    made for nothing is given back.
 * 2. Batches are bounded, and run one after the other.
 * 3. What cannot be stored is told to the next `fsync` of its file (fsync(2)) and stops no other file: damage in the
 *    tree costs the drafts, a full store keeps them waiting.
 *
 * @module
 */
import { type DvaultError, FsError, isDamage, StoreError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { NewPage } from "../vault/transaction.ts";
import type { FsContext } from "./fs-context.ts";
import { type CarriedPiece, OpenPack } from "./open-pack.ts";
import { type AddedLayout, groupByFile, placeBlocks } from "./place-blocks.ts";
import { type DraftBlock, type Layout, layOut, type Placement } from "./placement.ts";

/** Bytes stored at a time: 128 pages keep runs long and memory small. */
const BATCH_BYTES = 128 * PAGE_SIZE;

/** Blocks stored at a time. */
const BATCH_BLOCKS = 1024;

/** A block that has, or had, a draft. */
interface BlockName {
  readonly ino: number;
  readonly block: number;
}

export class Flusher {
  readonly #context: FsContext;
  readonly #openPack: OpenPack;
  #queue: Promise<void> = Promise.resolve();

  constructor(context: FsContext) {
    this.#context = context;
    this.#openPack = new OpenPack(context);
  }

  /**
   * Stores drafts of files that have a name; the others do not outlive a crash anyway.
   * @param which - "ready": not those that are unfilled
   * @returns nothing when there are none
   */
  flush(which: "all" | "ready"): MaybePromise<void> {
    const { drafts, nameless } = this.#context;
    const isWaiting = (ino: number): boolean =>
      !nameless.has(ino) && (which === "all" || drafts.hasFilled(ino));
    if (!drafts.inodes().some(isWaiting)) return undefined;
    return this.#enqueue(async () => {
      const isLasting = (ino: number): boolean => !nameless.has(ino);
      if (which === "all") await this.#fillAndStore(isLasting);
      await this.#store(this.#filledOf(isLasting));
    });
  }

  /** Stores the drafts of one file. */
  flushFile(ino: number): Promise<void> {
    return this.#enqueue(async () => {
      const isOwn = (other: number): boolean => other === ino;
      await this.#fillAndStore(isOwn);
      await this.#store(this.#filledOf(isOwn));
    });
  }

  /** Stores what is filled while others are being filled, so that not all of them are in memory at once. */
  async #fillAndStore(isWanted: (ino: number) => boolean): Promise<void> {
    const { fills, vault } = this.#context;
    for (const filled of fills.rounds(isWanted)) {
      await this.#store(this.#filledOf(isWanted));
      await vault.throttle();
      await filled;
    }
  }

  /** Stores drafts when there are too many, `ino` having been written; resolves when writing may go on. */
  relieve(ino: number): MaybePromise<void> {
    const { drafts, draftBytes, fills } = this.#context;
    const filling = fills.begin();
    if (drafts.filledBytes > draftBytes) return this.#relieve(() => this.#filledOf(() => true));
    if (drafts.isStreaming(ino)) {
      return this.#relieve(() => drafts.streamed(ino).map((block) => ({ ino, block })));
    }
    return filling;
  }

  async #relieve(blocks: () => Iterable<BlockName>): Promise<void> {
    await this.#enqueue(() => this.#store(blocks()));
    await this.#context.vault.throttle();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => {});
    return next;
  }

  *#filledOf(isWanted: (ino: number) => boolean): Iterable<BlockName> {
    const { drafts } = this.#context;
    for (const ino of drafts.inodes()) {
      if (isWanted(ino)) for (const block of drafts.filled(ino)) yield { ino, block };
    }
  }

  /** Those that are unfilled stay as they are. */
  async #store(blocks: Iterable<BlockName>): Promise<void> {
    let batch: DraftBlock[] = [];
    let bytes = 0;
    for (const { ino, block } of blocks) {
      const content = this.#context.drafts.freeze(ino, block);
      if (content === undefined) continue;
      batch.push({ ino, block, content });
      bytes += content.length;
      if (bytes < BATCH_BYTES && batch.length < BATCH_BLOCKS) continue;
      await this.#storeFrozen(batch);
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) await this.#storeFrozen(batch);
  }

  async #storeFrozen(batch: readonly DraftBlock[]): Promise<void> {
    try {
      await this.#storeBatch(batch);
    } finally {
      for (const { content } of batch) this.#context.drafts.thaw(content);
    }
  }

  async #storeBatch(blocks: readonly DraftBlock[]): Promise<void> {
    const { compresses, compressor } = this.#context;
    const carried = await this.#carried();
    const layout = await layOut(blocks, carried, compresses ? compressor : undefined);
    const pointers = this.#addPages(layout, blocks);
    if (pointers === undefined) return;
    const used = new Set<number>();
    try {
      await this.#place({ ...layout, pointers }, used);
    } finally {
      await this.#release(pointers.filter((_, page) => !used.has(page)));
    }
    for (const page of used) {
      const { pageClass, payload } = layout.pages[page] as NewPage;
      if (pageClass === "pack") this.#openPack.remember(pointers[page] as PagePointer, payload);
    }
  }

  /** What may move on from the last pack; nothing where damage hides whose it is. */
  async #carried(): Promise<readonly CarriedPiece[]> {
    try {
      return await this.#openPack.livePieces();
    } catch (error) {
      if (isDamage(error)) return [];
      throw error;
    }
  }

  /** The pages of a layout; undefined when the store is full. */
  #addPages(layout: Layout, blocks: readonly DraftBlock[]): readonly PagePointer[] | undefined {
    if (layout.pages.length === 0) return [];
    try {
      return this.#context.vault.addPages(layout.pages);
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code !== "STORE_FULL") throw cause;
      for (const { ino } of blocks) {
        const message = `no room to store what was written to inode ${ino}`;
        this.#context.failures.note(ino, new FsError("ENOSPC", message, { cause }));
      }
      return undefined;
    }
  }

  /** Places all files together, or each by itself when damage stops that. @param used - pages used, filled in */
  async #place(layout: AddedLayout, used: Set<number>): Promise<void> {
    const { placements } = layout;
    try {
      for (const page of await placeBlocks(this.#context, layout, placements)) used.add(page);
      return;
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    for (const own of groupByFile(placements)) {
      try {
        for (const page of await placeBlocks(this.#context, layout, own)) used.add(page);
      } catch (error) {
        if (!isDamage(error)) throw error;
        this.#giveUp(own, error);
      }
    }
  }

  /** Drops drafts that cannot be stored, since the tree above their place is damaged. */
  #giveUp(placements: readonly Placement[], failure: DvaultError): void {
    for (const { ino, block, source } of placements) {
      if (!("draft" in source)) continue;
      this.#context.failures.note(ino, failure);
      this.#context.attributes.recall(ino);
      this.#context.drafts.drop(ino, block);
    }
  }

  async #release(pages: readonly PagePointer[]): Promise<void> {
    if (pages.length === 0) return;
    await this.#context.vault.transact((transaction) => {
      for (const page of pages) transaction.release(page);
    });
  }
}
