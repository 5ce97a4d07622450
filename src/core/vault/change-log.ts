/**
 * The log of what was done since the newest commit: what waits for the next one becomes durable by one small write and
 * one sync (FORMAT.md §5.4).
 *
 *     closed --first sync: a commit that names a log--> open --entries--> full, or a change it cannot hold
 *        ^                                                |                       |
 *        '---- a commit, when nothing was synced before ---+------- a commit ------'  (a new log, open again)
 *
 * 1. An entry holds everything done since the entry before, or since the commit: so what is read back is one moment.
 * 2. An entry names no page that the commit does not have. Where pages were added since, only a commit will do.
 * 3. Two logs take turns in the pages set aside. What the header before needs is not overwritten, and an entry of an older
 *    log, which has another id, is never taken for one of this.
 * 4. What a log holds of drafts that a commit does not store goes into the first entry of the next log, before the
 *    header is written; so nothing that was durable is lost with the log before. A commit of what is ready puts the rest there,
 *    too, though no log had it: so it makes everything durable.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { StoreError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { chain, finish, type MaybePromise, rescue } from "../base/maybe-promise.ts";
import type { Random } from "../base/platform.ts";
import type { PagePointer } from "../format/address.ts";
import {
  encodeChanges,
  encodeLogPages,
  type LoggedChange,
  pagesOfEntry,
} from "../format/log-entry.ts";
import { LOG_ID_SIZE, type LogPlace } from "../format/log-place.ts";
import type { PlainPage } from "../format/page-codec.ts";
import type { AsidePages } from "../pages/aside-pages.ts";
import type { PageStore } from "../pages/page-store.ts";
import { ChangeSet } from "./change-set.ts";
import type { FlushKind, LogSource } from "./transaction.ts";

/** Pages of one log: 32 MiB, twice what a file system keeps for it of blocks written in part. */
const LOG_PAGES = 512;

/** Pages that the store must have left beside the logs. */
const RESERVED_PAGES = 4096;

/** Pages left free before the logs: what a small vault writes goes there, and the logs are cut off when it is closed. */
const GAP_PAGES = 64;

/** Changed records that one entry may hold, bytes; more are as well written as tree nodes. */
const CHANGES_MAX = 2 ** 20;

/** What a log stands on. */
export interface ChangeLogParts {
  readonly store: PageStore;
  readonly aside: AsidePages;
  readonly buffers: BufferPool;
  readonly random: Random;
}

/** What sources are asked to tell. */
type Told = Parameters<LogSource["tell"]>[1];

/** Counters of the commit root as they are now. */
interface Counters {
  readonly nextIno: number;
  readonly inodes: number;
}

export class ChangeLog {
  readonly #parts: ChangeLogParts;
  readonly #sources: LogSource[] = [];
  readonly #changes = new ChangeSet();
  #released: PagePointer[] = [];
  #changeBytes = 0;
  /** Whether the changes noted since the last entry or commit are all there were, and an entry can hold them. */
  #isComplete = false;
  /** Whether somebody asked for an entry since the last commit. */
  #isWanted = false;
  /** Set aside, for two logs. */
  #pages: readonly number[] = [];
  #half: 0 | 1 = 0;
  /** The log that an open vault was left with, while not all of it is in the vault's hands. */
  #kept: LogPlace | undefined;
  /** The log of the commit that is being made, or was made last. */
  #place: LogPlace | undefined;
  #isOpen = false;
  /** Pages of the log that are written. */
  #used = 0;

  constructor(parts: ChangeLogParts) {
    this.#parts = parts;
  }

  /** Registers who keeps changes outside of the TOC. */
  addSource(source: LogSource): void {
    this.#sources.push(source);
  }

  /** The vault was opened with a log: commits go on to name it until {@link release}. */
  keep(place: LogPlace): void {
    this.#kept = place;
  }

  /** The TOC has what the kept log says about it. */
  markApplied(): void {
    if (this.#kept !== undefined) this.#kept = { ...this.#kept, isApplied: true };
  }

  /** All of the kept log is in the vault's hands: the next commit does without it. */
  release(): void {
    if (this.#kept === undefined) return;
    this.#pages = this.#kept.pages;
    this.#half = this.#kept.first === 0 ? 1 : 0;
    this.#kept = undefined;
  }

  /** The next commit names no log. @returns whether the newest does, though nothing needs it */
  retire(): boolean {
    this.#isWanted = false;
    return this.#pages.length > 0;
  }

  /** Takes note of what a transaction did. */
  note(changes: readonly LoggedChange[], released: readonly PagePointer[]): void {
    if (!this.#isComplete) return;
    for (const change of changes) {
      this.#changeBytes += sizeOf(change) - sizeOf(this.#changes.get(change.key));
      this.#changes.set(change);
    }
    for (const pointer of released) this.#released.push(pointer);
    if (this.#changeBytes > CHANGES_MAX) this.refuse();
  }

  /** Something was done that no entry can hold. */
  refuse(): void {
    this.#isComplete = false;
    this.#forget();
  }

  #forget(): void {
    this.#changes.clear();
    this.#released = [];
    this.#changeBytes = 0;
  }

  /** Whether sources have something that a commit is to leave to its log. */
  isLeft(which: FlushKind): boolean {
    const left = which === "ready" ? "left" : "held";
    return this.#sources.some((source) => source.isLeft(left));
  }

  /** Whether the next commit has something to leave to its log, and a log to take it. */
  canTake(): boolean {
    if (this.#kept !== undefined || !this.isLeft("ready")) return false;
    this.#pages = this.#setAside();
    return this.#pages.length > 0;
  }

  /**
   * Makes everything done so far durable.
   * @returns false where only a commit can do that
   */
  append(counters: Counters): MaybePromise<boolean> {
    this.#isWanted = true;
    if (!this.#isOpen || !this.#isComplete) return false;
    const pieces = this.#collect(counters, "changed");
    if (pieces === undefined) return false;
    if (pieces.length === 0) return true;
    return rescue(
      () => chain(this.#write(pieces), () => this.#sync()),
      (error) => {
        if (!(error instanceof StoreError)) throw error;
        this.#isOpen = false;
        return false;
      },
    );
  }

  #sync(): MaybePromise<true> {
    return chain(this.#parts.store.sync?.(), () => true);
  }

  /** Pages of the next entry; none when nothing changed, undefined when it would not fit. */
  #collect(counters: Counters, which: Told): readonly Uint8Array[] | undefined {
    const place = this.#place as LogPlace;
    const drafts: Uint8Array[] = [];
    for (const source of this.#sources) {
      const pieces = source.tell(place.generation, which);
      if (pieces === undefined) return undefined;
      drafts.push(...pieces);
    }
    if (drafts.length + this.#changes.all.length + this.#released.length === 0) return [];
    const changes = this.#changes.all;
    const { nextIno, inodes } = counters;
    const released = this.#released;
    const entry = [encodeChanges({ nextIno, inodes, changes, released }), ...drafts];
    const length = entry.reduce((sum, piece) => sum + piece.length, 0);
    if (this.#used + pagesOfEntry(length) > place.count) return undefined;
    this.#forget();
    return encodeLogPages(place.id, entry, (size) => this.#roomFor(size));
  }

  /** Long entries stand in buffers that are used again. */
  #roomFor(size: number): Uint8Array {
    return size < PAGE_SIZE ? new Uint8Array(size) : this.#parts.buffers.take().subarray(0, size);
  }

  #write(payloads: readonly Uint8Array[]): MaybePromise<void> {
    const { generation, pages, first } = this.#place as LogPlace;
    const at = this.#used;
    this.#used += payloads.length;
    const owner = { ino: 0, block: 0 };
    const entry = payloads.map((payload, i): PlainPage => {
      const address = pages[first + at + i] as number;
      return { pageClass: "log", address, generation, owner, payload };
    });
    const giveBack = (): void => {
      for (const payload of payloads) this.#parts.buffers.giveBack(payload);
    };
    return finish(() => this.#parts.aside.write(entry), giveBack);
  }

  /**
   * A commit takes over everything done so far, but for what it leaves.
   * @returns the log it is to name
   */
  freeze(generation: number, which: FlushKind): LogPlace | undefined {
    this.#isOpen = false;
    this.#isComplete = false;
    this.#forget();
    this.#place = undefined;
    if (this.#kept !== undefined) return this.#kept;
    const isWanted = this.#isWanted || this.isLeft(which);
    this.#pages = isWanted ? this.#setAside() : this.#giveUp();
    this.#isWanted = false;
    if (this.#pages.length === 0) return undefined;
    const count = this.#pages.length / 2;
    const first = this.#half * count;
    const id = new Uint8Array(LOG_ID_SIZE);
    this.#parts.random.fill(id);
    this.#isComplete = true;
    this.#used = 0;
    this.#place = { id, generation, pages: this.#pages, first, count, isApplied: false };
    return this.#place;
  }

  /** @returns pages for two logs, as large as the store permits; where an early version set less aside, others */
  #setAside(): readonly number[] {
    const { store, aside } = this.#parts;
    const before = this.#pages;
    if (before.length >= 2 * LOG_PAGES || store.sync === undefined) return before;
    try {
      const gap = aside.take(GAP_PAGES, RESERVED_PAGES);
      const pages = aside.take(2 * LOG_PAGES, 1);
      aside.giveBack(gap);
      aside.giveUp(before);
      return pages;
    } catch (error) {
      if (error instanceof StoreError && error.code === "STORE_FULL") return before;
      throw error;
    }
  }

  #giveUp(): readonly number[] {
    this.#parts.aside.giveUp(this.#pages);
    return [];
  }

  /** What the commit leaves to its log, as it is when it freezes; to be called right after. */
  carry(counters: Counters, which: FlushKind): readonly Uint8Array[] {
    if (this.#place === undefined) return [];
    const pages = this.#collect(counters, which === "ready" ? "left" : "held");
    if (pages !== undefined) return pages;
    throw new StoreError("STORE_FULL", "the log has no room for what is to be durable");
  }

  /** Writes what {@link carry} gave; durable with the commit. @throws StoreError */
  async begin(carried: readonly Uint8Array[]): Promise<void> {
    if (carried.length > 0) await this.#write(carried);
  }

  /** The commit is durable. */
  published(): void {
    this.#isOpen = this.#place !== undefined;
    if (this.#isOpen) this.#half = this.#half === 0 ? 1 : 0;
  }
}

function sizeOf(change: LoggedChange | undefined): number {
  return change === undefined ? 0 : change.key.length + (change.value?.length ?? 0);
}
