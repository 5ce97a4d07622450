/**
 * Errors of the local database, from what SQLite answered.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { DvaultError, StoreError } from "../../../core/base/errors.ts";
import { storeError } from "../../file/file-errors.ts";

/** What went wrong; an error of our own passes unchanged. */
export function databaseError(path: string, action: string, cause: unknown): Error {
  if (cause instanceof DvaultError) return cause;
  const code = String((cause as { readonly code?: string } | undefined)?.code ?? "");
  const reason = cause instanceof Error ? cause.message : String(cause);
  const what = `cannot ${action} the local database ${path}`;
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return busy(path, cause);
  if (code.startsWith("SQLITE_FULL")) {
    return new StoreError("STORE_FULL", `${what}: its disk is full`, { cause });
  }
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB")) {
    return databaseDamaged(path, reason, cause);
  }
  if (code === "ERR_DLOPEN_FAILED" || reason.startsWith("Could not locate the bindings file")) {
    const cure = `run \`npm rebuild better-sqlite3\` where dvault is installed (needs cc, make, python3)`;
    const message = `there is no SQLite for Node ${process.versions.node}: ${cure}`;
    return new StoreError("STORE_FAILED", message, { cause });
  }
  if (code.startsWith("SQLITE")) {
    return new StoreError("STORE_FAILED", `${what}: ${reason}`, { cause });
  }
  return code === "" ? asError(cause) : storeError(path, action, cause);
}

/** What is in the database is not what this program writes. */
export function databaseDamaged(path: string, reason: string, cause?: unknown): StoreError {
  const cure = "move it away; only what was not yet published is lost";
  const message = `the local database ${path} is damaged (${reason}); ${cure}`;
  return new StoreError("STORE_FAILED", message, { cause });
}

/** A mistake of the program's own, which no code stands for. */
function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}

function busy(path: string, cause: unknown): StoreError {
  const holder = lockHolder(path);
  const who = holder === undefined ? "another process" : `process ${holder}`;
  const message = `the vault is open on this machine by ${who}; unmount it there, or open it read-only (${path})`;
  return new StoreError("STORE_BUSY", message, { cause });
}

/** Process that holds SQLite's lock on a file, from proc_locks(5). */
function lockHolder(path: string): number | undefined {
  try {
    const { ino } = statSync(path);
    for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
      const [, kind, , access, pid, file] = line.trim().split(/\s+/);
      if (kind !== "POSIX" || access !== "WRITE") continue;
      if (file?.split(":")[2] === String(ino)) return Number(pid);
    }
  } catch {
    return undefined;
  }
  return undefined;
}
