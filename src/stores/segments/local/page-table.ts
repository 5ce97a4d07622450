/**
 * Sealed pages in the local database.
 *
 *     fresh    written here, not in the store yet: pinned; each with the local commit it belongs to
 *     cached   in the store as well: evicted in batches, least recently used first, above a budget of bytes
 *
 * @module
 */
import type { Statement } from "better-sqlite3";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import type { LocalDatabase } from "./database.ts";

/** Uses remembered before they are written down. */
const TOUCHED_MAX = 2048;

/** Share of the budget kept when pages are evicted. */
const KEPT_SHARE = 0.9;

/** Pages looked at for one step of eviction. */
const EVICT_BATCH = 64;

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

export class PageTable {
  readonly #database: LocalDatabase;
  readonly #budgetBytes: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** Addresses in the order of their use, not written down yet. */
  readonly #touched = new Set<number>();
  #fresh: FreshBytes = { committed: 0, open: 0 };
  #cachedBytes = 0;
  #tick = 0;

  /**
   * @param budgetBytes - of cached pages
   * @param sequence - newest finished local commit; what is fresh beyond it was never committed, and is dropped
   */
  constructor(database: LocalDatabase, budgetBytes: number, sequence: number) {
    this.#database = database;
    this.#budgetBytes = budgetBytes;
    this.#statements = prepareStatements(database);
    database.transaction(() => {
      const lost = this.#statements.freshBeyond.all(sequence) as number[];
      for (const address of lost) this.#dropFreshRow(address);
    });
    this.count(sequence);
    database.onRollback(() => this.#touched.clear());
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

  /** A page's bytes, fresh or cached; a fresh array. */
  get(address: number): Uint8Array | undefined {
    const bytes = this.#statements.get.get(address) as Buffer | undefined;
    if (bytes === undefined) return undefined;
    this.#touch(address);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  has(address: number): boolean {
    return this.#statements.has.get(address) !== undefined;
  }

  #touch(address: number): void {
    this.#touched.delete(address);
    this.#touched.add(address);
    if (this.#touched.size >= TOUCHED_MAX) this.#database.transaction(() => this.#writeUses());
  }

  #writeUses(): void {
    for (const address of this.#touched) this.#statements.use.run(++this.#tick, address);
    this.#touched.clear();
  }

  /** Keeps pages of the local commit that is being made. Call within a transaction. */
  putFresh(pages: readonly StoredPage[], sequence: number): void {
    for (const { address, bytes } of pages) {
      this.#dropFreshRow(address);
      this.#statements.put.run(address, bytes);
      this.#statements.putFresh.run(address, sequence, bytes.length);
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
    const length = this.#statements.freshLength.get(address) as number | undefined;
    if (length === undefined) return 0;
    this.#statements.dropFresh.run(address);
    this.#statements.drop.run(address);
    return length;
  }

  /** Fresh pages of local commits up to `sequence`, in the order of their addresses, from behind `after` on. */
  freshPages(after: number, sequence: number): IterableIterator<FreshPage> {
    return this.#statements.freshPages.iterate(after, sequence) as IterableIterator<FreshPage>;
  }

  /** Takes note that fresh pages are in the store now: they may be evicted. Call within a transaction. */
  published(addresses: Iterable<number>): void {
    for (const address of addresses) {
      const length = this.#statements.freshLength.get(address) as number | undefined;
      if (length === undefined) continue;
      this.#statements.dropFresh.run(address);
      this.#statements.putCached.run(address, ++this.#tick, length);
      this.#fresh.committed -= length;
      this.#cachedBytes += length;
    }
  }

  /** Keeps pages that came from the store. */
  putCached(pages: readonly StoredPage[]): void {
    this.#database.transaction(() => {
      for (const { address, bytes } of pages) {
        if (this.has(address)) continue;
        this.#statements.put.run(address, bytes);
        this.#statements.putCached.run(address, ++this.#tick, bytes.length);
        this.#cachedBytes += bytes.length;
      }
      this.evict();
    });
  }

  /** Forgets a cached page, if it is one. Call within a transaction. */
  dropCached(address: number): void {
    const length = this.#statements.cachedLength.get(address) as number | undefined;
    if (length === undefined) return;
    this.#statements.dropCached.run(address);
    this.#statements.drop.run(address);
    this.#cachedBytes -= length;
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

  /** Forgets every page. Call within a transaction. */
  clear(): void {
    this.#database.sql.exec("DELETE FROM page; DELETE FROM fresh; DELETE FROM cached;");
    this.#touched.clear();
    this.#fresh = { committed: 0, open: 0 };
    this.#cachedBytes = 0;
  }
}

function prepareStatements({ sql }: LocalDatabase) {
  const value = (text: string): Statement => sql.prepare(text).pluck();
  return {
    get: value("SELECT bytes FROM page WHERE address = ?"),
    has: value("SELECT 1 FROM page WHERE address = ?"),
    put: sql.prepare("INSERT OR REPLACE INTO page VALUES (?, ?)"),
    drop: sql.prepare("DELETE FROM page WHERE address = ?"),
    putFresh: sql.prepare("INSERT INTO fresh VALUES (?, ?, ?)"),
    dropFresh: sql.prepare("DELETE FROM fresh WHERE address = ?"),
    freshSequence: value("SELECT sequence FROM fresh WHERE address = ?"),
    freshLength: value("SELECT length FROM fresh WHERE address = ?"),
    freshBeyond: value("SELECT address FROM fresh WHERE sequence > ?"),
    freshPages: sql.prepare(
      "SELECT address, length FROM fresh WHERE address > ? AND sequence <= ? ORDER BY address",
    ),
    committedBytes: value("SELECT COALESCE(SUM(length), 0) FROM fresh WHERE sequence <= ?"),
    openBytes: value("SELECT COALESCE(SUM(length), 0) FROM fresh WHERE sequence > ?"),
    putCached: sql.prepare("INSERT OR REPLACE INTO cached VALUES (?, ?, ?)"),
    dropCached: sql.prepare("DELETE FROM cached WHERE address = ?"),
    cachedLength: value("SELECT length FROM cached WHERE address = ?"),
    cachedBytes: value("SELECT COALESCE(SUM(length), 0) FROM cached"),
    newestUse: value("SELECT COALESCE(MAX(used), 0) FROM cached"),
    use: sql.prepare("UPDATE cached SET used = ? WHERE address = ?"),
    oldest: value("SELECT address FROM cached ORDER BY used LIMIT ?"),
  };
}
