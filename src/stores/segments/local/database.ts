/**
 * The local database of one vault: pages not yet published, pages kept because they were used lately, and the catalog.
 *
 * 1. One process has it open, by SQLite's own exclusive lock, which ends with the process.
 * 2. Write-ahead log. Usual transactions do not wait for the disk, and reach it in order; a durable one waits, and with
 *    it everything before. So after a power loss the database stands as some moment after the newest durable transaction.
 * 3. It holds sealed pages only, for the eyes of its owner (mode 0600).
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import SqliteDatabase from "better-sqlite3";
import { StoreError } from "../../../core/base/errors.ts";
import { databaseError } from "./database-errors.ts";
import { binding } from "./sqlite-binding.ts";

/** "DVLT": marks the file as ours. */
const APPLICATION_ID = 0x44564c54;
const SCHEMA_VERSION = 1;

/** Pages of SQLite in the log before it is carried over: 16 MiB. */
const CHECKPOINT_PAGES = 2048;

const SCHEMA = `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    shipped INTEGER NOT NULL,
    publication INTEGER NOT NULL,
    position TEXT NOT NULL,
    version INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL
  );
  CREATE TABLE header (slot INTEGER PRIMARY KEY, bytes BLOB NOT NULL, sequence INTEGER NOT NULL);
  CREATE TABLE page (address INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE fresh (
    address INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, length INTEGER NOT NULL
  );
  CREATE TABLE cached (address INTEGER PRIMARY KEY, used INTEGER NOT NULL, length INTEGER NOT NULL);
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
  readonly #onRollback: (() => void)[] = [];

  private constructor(path: string, sql: SqliteDatabase.Database) {
    this.#path = path;
    this.sql = sql;
  }

  /**
   * Opens the database of a vault, making it when there is none.
   * @param path - file; empty for one that lives as long as it is open
   * @throws StoreError STORE_BUSY when another process has it open, STORE_FAILED when it is damaged or of another make
   */
  static open(path: string): LocalDatabase {
    try {
      if (path !== "") makeFile(path);
      const sql = new SqliteDatabase(path, { timeout: 0, ...binding() });
      try {
        prepare(path, sql);
      } catch (error) {
        sql.close();
        throw error;
      }
      return new LocalDatabase(path, sql);
    } catch (error) {
      throw databaseError(path, "open", error);
    }
  }

  /**
   * Runs `body`; all it does happens, or nothing.
   * @throws StoreError STORE_FULL, STORE_FAILED
   */
  transaction<T>(body: () => T, durability: "usual" | "durable" = "usual"): T {
    const isDurable = durability === "durable";
    try {
      if (isDurable) this.sql.pragma("synchronous = FULL");
      return this.sql.transaction(body).immediate();
    } catch (error) {
      for (const forget of this.#onRollback) forget();
      throw databaseError(this.#path, "write to", error);
    } finally {
      if (isDurable) this.sql.pragma("synchronous = NORMAL");
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

  /** Calls `forget` when a transaction was rolled back, so that what is known of it outside is read again. */
  onRollback(forget: () => void): void {
    this.#onRollback.push(forget);
  }

  close(): void {
    this.sql.close();
  }
}

/**
 * Makes the file for its owner alone; SQLite gives its log the same mode. One that is there is not opened: closing it
 * again would drop the lock that this process may have on it (fcntl_locking(2)).
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EEXIST") throw error;
  }
}

function prepare(path: string, sql: SqliteDatabase.Database): void {
  sql.pragma("locking_mode = EXCLUSIVE");
  sql.pragma("page_size = 8192");
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
