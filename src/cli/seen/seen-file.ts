/**
 * What this machine has seen of one vault, by place: `$XDG_STATE_HOME/dvault/seen/<vault id>.json`, for its owner only, and
 * replaced atomically.
 *
 * ```json
 * { "places": { "/a.dvault": { "generation": 12, "time": "2026-01-01T00:00:00Z", "toc": "130.12", "keys": "0.1",
 *     "vaultKey": "0123456789abcdef", "replaced": ["fedcba9876543210"] } } }
 * ```
 *
 * @module
 */
import { join } from "node:path";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../core/base/json.ts";
import { isCount, isListOf, isShaped, isText } from "../../core/base/json-shape.ts";
import { directories } from "../config/directories.ts";
import { readOwnerFile, replaceOwnerFile } from "../config/owner-file.ts";
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
  return decodeSeen(readOwnerFile(path) ?? "");
}

/** Reads the text of the file; what makes no sense in it is left out. */
export function decodeSeen(text: string): SeenPlaces {
  const { places } = parseJsonObject(text);
  if (!isJsonObject(places)) return {};
  return Object.fromEntries(
    Object.entries(places).flatMap(([place, value]) => {
      const commit = isJsonObject(value) ? commitOf(value) : undefined;
      return commit === undefined ? [] : [[place, commit]];
    }),
  );
}

const isCommit = isShaped<SeenCommit>({
  generation: isCount,
  time: isText,
  toc: isText,
  keys: isText,
  vaultKey: isText,
  replaced: isListOf(isText),
});

/** Earlier versions noted no keys. */
function commitOf(value: JsonObject): SeenCommit | undefined {
  const { generation, time, toc, keys, vaultKey = "", replaced = [] } = value;
  const commit: JsonObject = { generation, time, toc, keys, vaultKey, replaced };
  return isCommit(commit) ? commit : undefined;
}

/** Replaces the file. @throws the system's error */
export function writeSeen(path: string, places: SeenPlaces): void {
  replaceOwnerFile(path, `${JSON.stringify({ places }, undefined, 2)}\n`);
}
