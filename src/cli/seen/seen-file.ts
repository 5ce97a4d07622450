/**
 * What this machine has seen of one vault, by place: `$XDG_STATE_HOME/dvault/seen/<vault id>.json`, for its owner only, and
 * replaced atomically.
 *
 * ```json
 * { "places": { "/a.dvault": { "generation": 12, "time": "2026-01-01T00:00:00Z", "toc": "130.12", "keys": "0.1" } } }
 * ```
 *
 * @module
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { directories } from "../config/directories.ts";
import type { SeenCommit } from "./seen-commit.ts";

/** The newest commit seen at each place, by its name. */
export type SeenPlaces = Readonly<Record<string, SeenCommit>>;

/** Path of the file of a vault. */
export function seenFile(
  env: Readonly<Record<string, string | undefined>>,
  vaultId: Uint8Array,
): string {
  return join(directories(env).state, "seen", `${Buffer.from(vaultId).toString("hex")}.json`);
}

/**
 * Reads the file.
 * @returns nothing where there is no file, or none that makes sense
 * @throws the system's error when it cannot be read
 */
export function readSeen(path: string): SeenPlaces {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  const places = Object.entries(recordOf(recordOf(parsed(text)).places));
  return Object.fromEntries(
    places.flatMap(([place, value]) => {
      const commit = recordOf(value);
      return isCommit(commit) ? [[place, commit]] : [];
    }),
  );
}

function isCommit(value: Readonly<Record<string, unknown>>): value is SeenCommit & typeof value {
  const { generation, time, toc, keys } = value;
  return (
    Number.isSafeInteger(generation) && [time, toc, keys].every((text) => typeof text === "string")
  );
}

/** Replaces the file. @throws the system's error */
export function writeSeen(path: string, places: SeenPlaces): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  const text = `${JSON.stringify({ places }, undefined, 2)}\n`;
  writeFileSync(fresh, text, { mode: 0o600, flush: true });
  renameSync(fresh, path);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
