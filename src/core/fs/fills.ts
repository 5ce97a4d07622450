/**
 * Brings in the rest of blocks that were written in part.
 *
 * A write into a part of a stored block need not wait for the page beneath where that is near: what was written stands in
 * an unfilled draft, and the page is read and opened later, together with others, beside the calls that follow. Where a log
 * makes such drafts durable as they are, they wait for a commit, or until they take much memory: many are written again or
 * whole meanwhile.
 *
 *     written in part --> waiting --too many of them, or somebody needs one--> page read and opened --> filled
 *                            |                                                      |
 *                            '-- written whole, cut off, removed: nothing to do     '-- damaged: given up
 *
 * 1. What needs more of a block than was written waits until it is filled: reads of other bytes, cutting, zeroing and
 *    copying it, and every commit, but for what that leaves to its log.
 * 2. A page belongs to a draft, not to a place: what comes for a draft that is gone, or was filled meanwhile, is left.
 * 3. A page that is damaged makes its block read as EIO, as before. What was written of the block is given up, since there
 *    is nothing to put it into; the next `fsync` of the file fails, once, and whoever watches is told. Everything else goes on.
 * 4. Where the store fails, the draft stays and is tried again by each flush; until then, `fsync` of its file fails, once for
 *    each time.
 * 5. With too many pages on their way, writes wait for theirs as if there were no such drafts.
 *
 * @module
 */
import { type DvaultError, FsError, isUnreadable, StoreError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { PagePointer } from "../format/address.ts";
import type { TransactionalVault } from "../vault/transaction.ts";
import type { PlacedDraft } from "./draft.ts";
import type { Drafts } from "./drafts.ts";
import { pageOfRun } from "./extent.ts";
import { findExtent } from "./find-extents.ts";
import { RetryAfter } from "./retry-after.ts";
import type { WriteFailures } from "./write-failures.ts";

/** Pages brought in together: enough for a trip to another thread. */
const BATCH = 16;

/** Pages on their way there may be: 4 MiB. */
const MOST = 64;

/** Parts of one block that are kept apart at most. */
const PARTS_MAX = 64;

/** What fills work with. */
export interface FillParts {
  readonly vault: TransactionalVault;
  readonly drafts: Drafts;
  readonly failures: WriteFailures;
  /** Memory that unfilled drafts may take for the sake of a log; 0 where there is none. */
  readonly partBytes: number;
}

/** Whether the drafts of a file are meant. */
type IsWanted = (ino: number) => boolean;

export class Fills {
  readonly #parts: FillParts;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failed: PlacedDraft[] = [];

  constructor(parts: FillParts) {
    this.#parts = parts;
  }

  /** Whether one more write may go on without the page beneath. */
  get hasRoom(): boolean {
    return this.#parts.drafts.unfilled.taken < MOST;
  }

  /** Begins to fill drafts when too many wait. @returns ends when writers may go on, where these are too fast */
  begin(): Promise<void> | undefined {
    const { partBytes, drafts } = this.#parts;
    const { unfilled } = drafts;
    while (this.hasRoom && unfilled.waiting >= BATCH && unfilled.bytes > partBytes) {
      this.#start(unfilled.take(BATCH, () => true));
    }
    return unfilled.bytes > partBytes + MOST * PAGE_SIZE ? this.#ended() : undefined;
  }

  /**
   * Fills drafts that are unfilled now, so many at a time as there may be pages on their way: a round begins when it is
   * asked for.
   * @returns for each round what resolves when its drafts are filled, given up, or could not be
   */
  *rounds(isWanted: IsWanted): Iterable<Promise<void>> {
    const { unfilled } = this.#parts.drafts;
    for (const draft of this.#failed.splice(0)) unfilled.putBack(draft);
    for (let left = unfilled.waiting; left > 0; ) {
      const before = left;
      for (let room = MOST; room > 0 && left > 0; room -= BATCH) {
        const batch = unfilled.take(Math.min(BATCH, left), ({ ino }) => isWanted(ino));
        left = batch.length === 0 ? 0 : left - batch.length;
        if (batch.length > 0) this.#start(batch);
      }
      if (before > left) yield this.#ended();
    }
    if (this.#underWay.size > 0) yield this.#ended();
  }

  /** Resolves when all that is under way now has ended. */
  #ended(): Promise<void> {
    const ended = Promise.all(this.#underWay).then(() => undefined);
    // Whoever waits for it is told.
    ended.catch(() => undefined);
    return ended;
  }

  #start(drafts: readonly PlacedDraft[]): void {
    const filling = this.#fillAll(drafts).finally(() => this.#underWay.delete(filling));
    this.#underWay.add(filling);
    // Whoever waits for it is told.
    filling.catch(() => undefined);
  }

  async #fillAll(batch: readonly PlacedDraft[]): Promise<void> {
    const { unfilled } = this.#parts.drafts;
    try {
      await this.#fillTogether(batch);
      for (const draft of batch) if (unfilled.has(draft)) await this.#fillOne(draft);
    } finally {
      this.#failed.push(...batch.filter((draft) => unfilled.has(draft)));
    }
  }

  /** Fills those whose pages can be had where they were when they were written over. */
  async #fillTogether(batch: readonly PlacedDraft[]): Promise<void> {
    const { drafts, vault } = this.#parts;
    const known = batch.filter(({ unfilled }) => unfilled?.page !== undefined);
    const pages = known.map(({ unfilled }) => unfilled?.page as PagePointer);
    try {
      const payloads = await vault.takePages("data", pages);
      for (const [i, draft] of known.entries()) {
        const payload = payloads[i];
        if (payload !== undefined) drafts.fillIn(draft, payload);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /**
   * Makes whoever needs all of a block wait for it.
   * @throws RetryAfter while its draft is unfilled
   */
  require(ino: number, block: number): void {
    const draft = this.#parts.drafts.get(ino, block);
    if (draft?.unfilled !== undefined) throw new RetryAfter(() => this.#need(draft));
  }

  /** As {@link require}, for who reads `from <= byte < end` of a block. */
  requirePart(ino: number, block: number, from: number, end: number): void {
    const draft = this.#parts.drafts.get(ino, block);
    if (draft?.unfilled?.parts.has(from, end) === false) this.require(ino, block);
  }

  /** As {@link require}, for who writes another part of a block. */
  requireFew({ ino, block, unfilled }: PlacedDraft): void {
    if (unfilled !== undefined && unfilled.parts.count >= PARTS_MAX) this.require(ino, block);
  }

  /** @throws StoreError */
  async #need(draft: PlacedDraft): Promise<void> {
    const failure = await this.#fillOne(draft);
    if (failure !== undefined) throw failure;
  }

  /** Fills a draft with what the tree says stands beneath. @returns why that is to be tried again */
  async #fillOne(draft: PlacedDraft): Promise<StoreError | undefined> {
    const { vault, drafts } = this.#parts;
    const { ino, block } = draft;
    try {
      await vault.transact((transaction) => {
        if (!drafts.unfilled.has(draft)) return;
        const extent = findExtent(transaction, ino, block);
        if (extent?.kind !== "run") throw new FsError("EIO", `block ${block} of ${ino} is gone`);
        drafts.fill(draft, transaction.page("data", pageOfRun(extent, block)));
      });
      return undefined;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.#refuse(draft, error);
    }
  }

  #refuse(draft: PlacedDraft, cause: DvaultError): StoreError | undefined {
    const { drafts, failures } = this.#parts;
    if (!drafts.unfilled.has(draft)) return undefined;
    const { ino, block } = draft;
    const start = block * PAGE_SIZE;
    const what = `what was written to inode ${ino} between ${start} and ${start + PAGE_SIZE}`;
    if (cause instanceof StoreError) {
      const message = `${what} waits for the page beneath: ${cause.message}`;
      failures.note(ino, new FsError("EIO", message, { cause }));
      return cause;
    }
    const message = `${what} is lost, since the page beneath is damaged: ${cause.message}`;
    failures.note(ino, new FsError("EIO", message, { cause }));
    drafts.drop(ino, block);
    return undefined;
  }
}

/** Whether an error says that what stands beneath a draft cannot be had. */
function isRefusal(error: unknown): error is DvaultError {
  return isUnreadable(error) || error instanceof StoreError;
}
