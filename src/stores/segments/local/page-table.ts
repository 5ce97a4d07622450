/**
 * Sealed pages on this machine: their bytes in a slab, where they are in the local database.
 *
 *     fresh    written here, not in the store yet: pinned; each with the local commit it belongs to
 *     cached   in the store as well: evicted in batches, least recently used first, above a budget of bytes
 *
 * A slot that was freed is written anew only when the row that was in it is gone for good, power loss included: until
 * then it is set aside. Cached pages need no care: after a power loss they are forgotten (local-parts.ts).
 *
 * @module
 */
import type { Statement } from "better-sqlite3";
import { ADDRESS_END, pageNumber } from "../../../core/format/address.ts";
import { STORED_PAGE_MAX } from "../../../core/format/page-size.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import { freshRoom, type PageRoom } from "../page-room.ts";
import type { LocalDatabase } from "./database.ts";
import type { Slab, SlotBytes } from "./slab.ts";

/** Uses remembered before they are written down. */
const TOUCHED_MAX = 2048;

/** Share of the budget kept when pages are evicted. */
const KEPT_SHARE = 0.9;

/** Pages looked at for one step of eviction. */
const EVICT_BATCH = 64;

/** Slots set aside before the database is synchronised for their sake. */
const ASIDE_MAX = 256;

/** A fresh page without its bytes. */
export interface FreshPage {
  readonly address: number;
  readonly length: number;
}

/** Bytes of fresh pages. */
export interface FreshBytes {
  /** Of finished local commits. */
  committed: number;
  /** Of the local commit that is being made. */
  open: number;
}

/** Where a page is in the slab. */
interface Place {
  readonly slot: number;
  readonly length: number;
}

/** What a table of pages stands on. */
export interface PageTableParts {
  readonly database: LocalDatabase;
  readonly slab: Slab;
  /** Of cached pages, bytes. */
  readonly budgetBytes: number;
}

export class PageTable {
  readonly #database: LocalDatabase;
  readonly #slab: Slab;
  readonly #budgetBytes: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** When pages were used, not written down yet: a page read long ago must not look newer than one that just came. */
  readonly #touched = new Map<number, number>();
  /** Slots that the transaction under way takes in or frees. */
  #placed: number[] = [];
  #freed: number[] = [];
  /** Slots that were freed, but may be in use again after a power loss. */
  #aside: number[] = [];
  #isClearing = false;
  #fresh: FreshBytes = { committed: 0, open: 0 };
  #cachedBytes = 0;
  #tick = 0;

  /** @param sequence - newest finished local commit; what is fresh beyond it was never committed, and is dropped */
  constructor({ database, slab, budgetBytes }: PageTableParts, sequence: number) {
    this.#database = database;
    this.#slab = slab;
    this.#budgetBytes = budgetBytes;
    this.#statements = prepareStatements(database);
    database.onEnd((end) => this.#transactionEnded(end));
    this.#dropSenseless(sequence);
    for (const slot of this.#statements.slots.iterate()) slab.claim(slot as number);
    database.transaction(() => {
      const lost = this.#statements.freshBeyond.all(sequence) as number[];
      for (const address of lost) this.#dropFreshRow(address);
    });
    this.count(sequence);
  }

  /** Forgets rows that lead nowhere, as far as nothing is lost with them: what is cached is in the store as well. */
  #dropSenseless(sequence: number): void {
    const { dropSenselessCached, dropSenselessFresh, senselessFresh } = this.#statements;
    const bounds = { slots: this.#slab.length, longest: STORED_PAGE_MAX, end: ADDRESS_END };
    this.#database.transaction(() => {
      dropSenselessCached.run(bounds);
      dropSenselessFresh.run({ ...bounds, sequence });
    });
    this.#database.expectRow(senselessFresh.get(bounds) === undefined, "fresh");
  }

  #transactionEnded(end: "commit" | "rollback"): void {
    if (end === "commit") for (const slot of this.#freed) this.#aside.push(slot);
    else {
      this.#slab.free(this.#placed);
      this.#touched.clear();
    }
    this.#freed = [];
    this.#placed = [];
    if (this.#aside.length >= ASIDE_MAX && !this.#isClearing) this.#clearAside();
  }

  /** Makes slots that were set aside usable; a failure leaves them where they are, until the next try. */
  #clearAside(): void {
    this.#isClearing = true;
    this.sync()
      .catch(() => {})
      .finally(() => {
        this.#isClearing = false;
      });
  }

  /**
   * Waits until every transaction so far survives a power loss.
   * @throws StoreError STORE_FULL, STORE_FAILED
   */
  async sync(): Promise<void> {
    const aside = this.#aside;
    this.#aside = [];
    try {
      await this.#database.sync();
      this.#slab.free(aside);
    } catch (error) {
      this.#aside = [...aside, ...this.#aside];
      throw error;
    }
  }

  /** Waits until the bytes of every page so far survive a power loss. @throws StoreError STORE_FULL, STORE_FAILED */
  syncBytes(): Promise<void> {
    return this.#slab.sync();
  }

  /** Reads the sums again. @param sequence - newest finished local commit */
  count(sequence: number): void {
    const { committedBytes, openBytes, cachedBytes, newestUse } = this.#statements;
    this.#fresh = {
      committed: committedBytes.get(sequence) as number,
      open: openBytes.get(sequence) as number,
    };
    this.#cachedBytes = cachedBytes.get() as number;
    this.#tick = newestUse.get() as number;
  }

  get freshBytes(): Readonly<FreshBytes> {
    return this.#fresh;
  }

  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** One past the highest page number that is here. */
  get end(): number {
    const last = this.#statements.last.get() as number | null;
    return last === null ? 0 : pageNumber(last) + 1;
  }

  /** A page's bytes, fresh or cached; the caller's. @throws StoreError STORE_FAILED */
  get(address: number, room: PageRoom = freshRoom): Uint8Array | undefined {
    const place = this.#statements.place.get({ address }) as Place | undefined;
    if (place === undefined) return undefined;
    this.#touch(address);
    const bytes = room(place.length);
    this.#slab.readSync({ slot: place.slot, bytes });
    return bytes;
  }

  has(address: number): boolean {
    return this.#statements.place.get({ address }) !== undefined;
  }

  /** Fills in the bytes of fresh pages, beside the main thread. @throws StoreError STORE_FAILED */
  read(pages: readonly StoredPage[]): Promise<void> {
    const wanted: SlotBytes[] = pages.map(({ address, bytes }) => {
      const place = this.#statements.place.get({ address }) as Place | undefined;
      if (place === undefined) throw new Error(`page ${address} is not in the local database`);
      return { slot: place.slot, bytes };
    });
    return this.#slab.read(wanted);
  }

  #touch(address: number): void {
    this.#touched.set(address, ++this.#tick);
    if (this.#touched.size >= TOUCHED_MAX) this.#database.transaction(() => this.#writeUses());
  }

  #writeUses(): void {
    for (const [address, tick] of this.#touched) this.#statements.use.run(tick, address);
    this.#touched.clear();
  }

  /**
   * Writes bytes of pages that are to be kept, beside the main thread.
   * @returns their slots, for `putFresh`
   * @throws StoreError STORE_FULL, STORE_FAILED
   */
  async write(pages: readonly StoredPage[]): Promise<readonly number[]> {
    const slots = pages.map(() => this.#slab.take());
    try {
      await this.#slab.write(pages.map(({ bytes }, i) => ({ slot: slots[i] as number, bytes })));
      return slots;
    } catch (error) {
      this.#slab.free(slots);
      throw error;
    }
  }

  /** Keeps pages of the local commit that is being made, written to slots. Call within a transaction. */
  putFresh(pages: readonly StoredPage[], slots: readonly number[], sequence: number): void {
    this.#placed.push(...slots);
    for (const [i, { address, bytes }] of pages.entries()) {
      this.#dropFreshRow(address);
      this.#statements.putFresh.run(address, sequence, slots[i], bytes.length);
      this.#fresh.open += bytes.length;
    }
  }

  /** Takes note that the open local commit is finished. */
  commitFresh(): void {
    this.#fresh = { committed: this.#fresh.committed + this.#fresh.open, open: 0 };
  }

  /** The local commit a fresh page belongs to; undefined when it is not fresh. */
  freshSequence(address: number): number | undefined {
    return this.#statements.freshSequence.get(address) as number | undefined;
  }

  /** Forgets a fresh page that died. Call within a transaction. @param isOpen - whether its commit is being made */
  dropFresh(address: number, isOpen: boolean): void {
    const length = this.#dropFreshRow(address);
    if (isOpen) this.#fresh.open -= length;
    else this.#fresh.committed -= length;
  }

  #dropFreshRow(address: number): number {
    const place = this.#statements.freshPlace.get(address) as Place | undefined;
    if (place === undefined) return 0;
    this.#statements.dropFresh.run(address);
    this.#freed.push(place.slot);
    return place.length;
  }

  /** Fresh pages of local commits up to `sequence`, in the order of their addresses, from behind `after` on. */
  freshPages(after: number, sequence: number): IterableIterator<FreshPage> {
    return this.#statements.freshPages.iterate(after, sequence) as IterableIterator<FreshPage>;
  }

  /** Takes note that fresh pages are in the store now: they may be evicted. Call within a transaction. */
  published(pages: Iterable<{ readonly address: number }>): void {
    for (const { address } of pages) {
      const place = this.#statements.freshPlace.get(address) as Place | undefined;
      if (place === undefined) continue;
      this.#statements.dropFresh.run(address);
      this.#putCachedRow(address, place);
      this.#fresh.committed -= place.length;
    }
  }

  #putCachedRow(address: number, { slot, length }: Place): void {
    this.#statements.putCached.run(address, ++this.#tick, slot, length);
    this.#cachedBytes += length;
  }

  /** Keeps pages that came from the store. */
  putCached(pages: readonly StoredPage[]): void {
    const missing = pages.filter(({ address }) => !this.has(address));
    if (missing.length === 0) return;
    const written = missing.map(({ bytes }) => ({ slot: this.#slab.take(), bytes }));
    const slots = written.map(({ slot }) => slot);
    try {
      this.#slab.writeSync(written);
    } catch (error) {
      this.#slab.free(slots);
      throw error;
    }
    this.#database.transaction(() => {
      this.#placed.push(...slots);
      for (const [i, { address, bytes }] of missing.entries()) {
        this.#putCachedRow(address, { slot: slots[i] as number, length: bytes.length });
      }
      this.evict();
    });
  }

  /** Forgets a cached page. Call within a transaction. @returns whether it was one */
  dropCached(address: number): boolean {
    const place = this.#statements.cachedPlace.get(address) as Place | undefined;
    if (place === undefined) return false;
    this.#statements.dropCached.run(address);
    this.#freed.push(place.slot);
    this.#cachedBytes -= place.length;
    return true;
  }

  /** Evicts cached pages when there are more than the budget allows. Call within a transaction. */
  evict(): void {
    if (this.#cachedBytes <= this.#budgetBytes) return;
    this.#writeUses();
    const target = this.#budgetBytes * KEPT_SHARE;
    while (this.#cachedBytes > target) {
      const oldest = this.#statements.oldest.all(EVICT_BATCH) as number[];
      if (oldest.length === 0) return;
      for (const address of oldest) {
        if (this.#cachedBytes <= target) return;
        this.dropCached(address);
      }
    }
  }

  /** Forgets every cached page. Call within a transaction. */
  forgetCached(): void {
    for (const address of this.#statements.oldest.all(-1) as number[]) this.dropCached(address);
  }

  /** Forgets every page. Call within a transaction. */
  clear(): void {
    for (const slot of this.#statements.slots.all() as number[]) this.#freed.push(slot);
    this.#database.sql.exec("DELETE FROM fresh; DELETE FROM cached;");
    this.#touched.clear();
    this.#fresh = { committed: 0, open: 0 };
    this.#cachedBytes = 0;
  }

  /** Writes down what is only remembered, for a clean end. */
  close(): void {
    this.#database.transaction(() => this.#writeUses());
    this.#slab.trim();
  }
}

function prepareStatements({ sql }: LocalDatabase) {
  const value = (text: string): Statement => sql.prepare(text).pluck();
  const isSenseless = `(address NOT BETWEEN 0 AND @end - 1
    OR typeof(slot) <> 'integer' OR slot NOT BETWEEN 0 AND @slots - 1
    OR typeof(length) <> 'integer' OR length NOT BETWEEN 1 AND @longest)`;
  return {
    place: sql.prepare(
      `SELECT slot, length FROM fresh WHERE address = @address
       UNION ALL SELECT slot, length FROM cached WHERE address = @address`,
    ),
    last: value(
      `SELECT MAX(address) FROM (SELECT MAX(address) AS address FROM fresh
       UNION ALL SELECT MAX(address) FROM cached)`,
    ),
    slots: value("SELECT slot FROM fresh UNION ALL SELECT slot FROM cached"),
    putFresh: sql.prepare("INSERT INTO fresh VALUES (?, ?, ?, ?)"),
    dropFresh: sql.prepare("DELETE FROM fresh WHERE address = ?"),
    freshSequence: value("SELECT sequence FROM fresh WHERE address = ?"),
    freshPlace: sql.prepare("SELECT slot, length FROM fresh WHERE address = ?"),
    freshBeyond: value("SELECT address FROM fresh WHERE sequence > ?"),
    freshPages: sql.prepare(
      "SELECT address, length FROM fresh WHERE address > ? AND sequence <= ? ORDER BY address",
    ),
    committedBytes: value("SELECT COALESCE(SUM(length), 0) FROM fresh WHERE sequence <= ?"),
    openBytes: value("SELECT COALESCE(SUM(length), 0) FROM fresh WHERE sequence > ?"),
    putCached: sql.prepare("INSERT INTO cached VALUES (?, ?, ?, ?)"),
    dropCached: sql.prepare("DELETE FROM cached WHERE address = ?"),
    cachedPlace: sql.prepare("SELECT slot, length FROM cached WHERE address = ?"),
    cachedBytes: value("SELECT COALESCE(SUM(length), 0) FROM cached"),
    newestUse: value("SELECT COALESCE(MAX(used), 0) FROM cached"),
    use: sql.prepare("UPDATE cached SET used = ? WHERE address = ?"),
    dropSenselessCached: sql.prepare(
      `DELETE FROM cached WHERE typeof(used) <> 'integer' OR ${isSenseless}`,
    ),
    dropSenselessFresh: sql.prepare(
      `DELETE FROM fresh WHERE sequence > @sequence AND ${isSenseless}`,
    ),
    senselessFresh: sql.prepare(
      `SELECT 1 FROM fresh WHERE typeof(sequence) <> 'integer' OR ${isSenseless} LIMIT 1`,
    ),
    oldest: value("SELECT address FROM cached ORDER BY used LIMIT ?"),
  };
}
