/**
 * The local database of a vault whose store is remote. What was committed but not published yet is there and nowhere
 * else, so it stands with the state that is to be kept, under a name that follows from the place: giving a vault
 * another name in the config, or another data channel, leaves it where it is.
 *
 * | place | file below `$XDG_STATE_HOME/dvault` |
 * |---|---|
 * | Discord | `pages/discord-<header channel>.db` |
 * | folder | `pages/dir-<its name>-<start of SHA-256 of its path>.db` |
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { directories } from "./directories.ts";
import type { RemotePlace } from "./vault-place.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Hexadecimal digits of a path's hash in a file name. */
const HASH_DIGITS = 16;

/** Path of the database of a place. */
export function localDatabase(env: Environment, place: RemotePlace): string {
  return join(directories(env).state, "pages", `${nameOf(place)}.db`);
}

/** Makes the directory of the databases, for its owner only. */
export function makeStateDirectory(env: Environment): void {
  mkdirSync(join(directories(env).state, "pages"), { recursive: true, mode: 0o700 });
}

function nameOf(place: RemotePlace): string {
  if (place.kind === "discord") return `discord-${place.config.headerChannel}`;
  const hash = createHash("sha256").update(place.path).digest("hex").slice(0, HASH_DIGITS);
  return `dir-${basename(place.path).replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${hash}`;
}
