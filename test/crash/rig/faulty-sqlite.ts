/**
 * Lets statements of SQLite go wrong, in every database of this process.
 *
 * @module
 */
import SqliteDatabase from "better-sqlite3";
import { LocalDatabase } from "../../../src/stores/segments/local/database.ts";
import type { Faults } from "./faults.ts";

/** How a statement is stepped through. */
const METHODS = ["run", "get", "all", "iterate"] as const;

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/**
 * From now on, each statement asks first whether it may be run.
 * @returns what ends that
 */
export function spoilSqlite(faults: Faults): () => void {
  const { sql } = LocalDatabase.open("");
  const statements = Object.getPrototypeOf(sql.prepare("SELECT 1")) as Record<string, Method>;
  sql.close();
  const originals = METHODS.map((name) => [name, statements[name] as Method] as const);
  for (const [name, original] of originals) {
    statements[name] = function (...parameters) {
      faults.ask("step of SQLite", sqliteError);
      return original.apply(this, parameters);
    };
  }
  return () => {
    for (const [name, original] of originals) statements[name] = original;
  };
}

/** An error of SQLite, one of two. */
function sqliteError(n: number): Error {
  if (n % 2 === 0) return new SqliteDatabase.SqliteError("disk I/O error", "SQLITE_IOERR_WRITE");
  return new SqliteDatabase.SqliteError("database or disk is full", "SQLITE_FULL");
}
