/**
 * The local database of one vault: where pages are that are not yet published or were used lately, and the catalog.
 *
 * 1. One process has it open, by SQLite's own exclusive lock, which ends with the process.
 * 2. Write-ahead log. Transactions do not wait for the disk, and reach it in order; {@link LocalDatabase.sync} waits for
 *    all before it, beside the main thread. So after a power loss the database stands as some moment after the newest
 *    one that was waited for.
 * 3. It is for the eyes of its owner (mode 0600), and page bytes are not in it (slab.ts): a transaction is some
 *    kilobytes, and what the log is carried over to is small, however fast pages come.
 *
 * @module
 */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { StoreError } from "../../../core/base/errors.ts";
import { DescriptorFile, type OpenFile } from "../../file/host-file.ts";
import { databaseDamaged, databaseError } from "./database-errors.ts";
import { DatabaseLog } from "./database-log.ts";
import { binding } from "./sqlite-binding.ts";

/** "DVLT": marks the file as ours. */
const APPLICATION_ID = 0x44564c54;
const SCHEMA_VERSION = 2;

/** Transactions after which the log is carried over, when it was synchronised just now. */
const CHECKPOINT_TRANSACTIONS = 256;

/** Pages of SQLite in the log before it is carried over in any case: 16 MiB. */
const CHECKPOINT_PAGES = 4096;

const SCHEMA = `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    shipped INTEGER NOT NULL,
    publication INTEGER NOT NULL,
    position TEXT NOT NULL,
    version INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    boot TEXT NOT NULL
  );
  CREATE TABLE header (slot INTEGER PRIMARY KEY, bytes BLOB NOT NULL, sequence INTEGER NOT NULL);
  CREATE TABLE fresh (
    address INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, slot INTEGER NOT NULL, length INTEGER NOT NULL
  );
  CREATE TABLE cached (
    address INTEGER PRIMARY KEY, used INTEGER NOT NULL, slot INTEGER NOT NULL, length INTEGER NOT NULL
  );
  CREATE INDEX cached_by_use ON cached (used);
  CREATE TABLE death (address INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
  CREATE TABLE object (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, length INTEGER NOT NULL, position TEXT,
    live INTEGER NOT NULL, changed INTEGER NOT NULL
  );
  CREATE TABLE extent (
    first INTEGER PRIMARY KEY, object INTEGER NOT NULL, offset INTEGER NOT NULL,
    lengths BLOB NOT NULL, dead BLOB, changed INTEGER NOT NULL
  );
  CREATE INDEX object_by_id ON object (id);
  CREATE INDEX object_by_change ON object (changed);
  CREATE INDEX extent_by_object ON extent (object);
  CREATE INDEX extent_by_change ON extent (changed);
  CREATE TABLE gone (
    kind TEXT NOT NULL, key INTEGER NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE TABLE checkpoint_part (part INTEGER PRIMARY KEY, id TEXT NOT NULL, length INTEGER NOT NULL);
  CREATE TABLE doomed (id TEXT PRIMARY KEY, position TEXT) WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export class LocalDatabase {
  /** The connection, to prepare statements on. */
  readonly sql: SqliteDatabase.Database;
  readonly #path: string;
  /** Undefined for a database that has none. */
  readonly #log: DatabaseLog | undefined;
  readonly #onEnd: ((end: "commit" | "rollback") => void)[] = [];
  /** Transactions since the log was carried over. */
  #transactions = 0;

  private constructor(path: string, sql: SqliteDatabase.Database, log: DatabaseLog | undefined) {
    this.#path = path;
    this.sql = sql;
    this.#log = log;
  }

  /**
   * Opens the database of a vault, making it when there is none.
   * @param path - file; empty for one that lives as long as it is open
   * @param openFile - opens its log, to make it durable
   * @throws StoreError STORE_BUSY when another process has it open, STORE_FAILED when it is damaged or of another make
   */
  static open(path: string, openFile: OpenFile = DescriptorFile.open): LocalDatabase {
    try {
      if (path !== "") makeFile(path);
      const sql = new SqliteDatabase(path, { timeout: 0, ...binding() });
      try {
        prepare(path, sql);
        const log = path === "" ? undefined : DatabaseLog.open(`${path}-wal`, openFile);
        return new LocalDatabase(path, sql, log);
      } catch (error) {
        sql.close();
        throw error;
      }
    } catch (error) {
      throw databaseError(path, "open", error);
    }
  }

  /**
   * Runs `body`; all it does happens, or nothing.
   * @throws StoreError STORE_FULL, STORE_FAILED
   */
  transaction<T>(body: () => T): T {
    try {
      const result = this.sql.transaction(body).immediate();
      this.#transactions += 1;
      if (!this.sql.inTransaction) this.#ended("commit");
      return result;
    } catch (error) {
      this.#ended("rollback");
      throw databaseError(this.#path, "write to", error);
    }
  }

  #ended(end: "commit" | "rollback"): void {
    for (const note of this.#onEnd) note(end);
  }

  /**
   * Waits until every transaction so far survives a power loss.
   * @throws StoreError STORE_FULL, STORE_FAILED
   */
  async sync(): Promise<void> {
    if (this.#log === undefined) return;
    try {
      await this.#log.sync();
      if (this.#transactions < CHECKPOINT_TRANSACTIONS || !this.sql.open) return;
      this.#transactions = 0;
      this.sql.pragma("wal_checkpoint(PASSIVE)");
    } catch (error) {
      throw databaseError(this.#path, "write to", error);
    }
  }

  /** Reads. @throws StoreError STORE_FAILED */
  read<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw databaseError(this.#path, "read from", error);
    }
  }

  /**
   * Expects of a row what this program writes: SQLite takes anything in any column.
   * @throws StoreError STORE_FAILED
   */
  expectRow(isRight: boolean, table: string): void {
    if (!isRight) throw databaseDamaged(this.#path, `a senseless row in "${table}"`);
  }

  /** Calls `note` when a transaction ended; after a rollback, what is known of it outside is to be read again. */
  onEnd(note: (end: "commit" | "rollback") => void): void {
    this.#onEnd.push(note);
  }

  async close(): Promise<void> {
    this.sql.close();
    await this.#log?.close();
  }
}

/**
 * Makes the file for its owner alone; SQLite gives its log the same mode. One that is there is not opened: closing it
 * again would drop the lock that this process may have on it (fcntl_locking(2)).
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  }
}

function prepare(path: string, sql: SqliteDatabase.Database): void {
  sql.pragma("locking_mode = EXCLUSIVE");
  sql.pragma("page_size = 4096");
  sql.pragma("journal_mode = WAL");
  sql.pragma("synchronous = NORMAL");
  sql.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  sql.pragma("temp_store = MEMORY");
  const version = sql.pragma("user_version", { simple: true });
  const application = sql.pragma("application_id", { simple: true });
  const isEmpty = version === 0 && application === 0;
  if (!isEmpty && (version !== SCHEMA_VERSION || application !== APPLICATION_ID)) {
    const message = `${path} is no local database of this version of dvault; move it away`;
    throw new StoreError("STORE_FAILED", message);
  }
  // The first write takes the lock.
  sql
    .transaction(() => {
      if (isEmpty) sql.exec(SCHEMA);
      else sql.pragma(`user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}
