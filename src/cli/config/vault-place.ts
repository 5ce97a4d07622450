/**
 * Where a vault is: one file, a folder of objects, or channels at Discord.
 *
 * | written | kind | key |
 * |---|---|---|
 * | `./a.dvault`, `file:///x/a.dvault` | `file` | `/x/a.dvault` |
 * | `dir:PATH` | `directory` | `dir:/x/objects` |
 * | `discord://server/channel?data=…` | `discord` | the URL, its parts in order |
 *
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../core/base/errors.ts";
import {
  type DiscordConfig,
  decodeDiscordUrl,
  encodeDiscordUrl,
  isDiscordUrl,
} from "../../stores/objects/discord/discord-config.ts";

/** A place. Its key is the one way to write it down: in the config, in `dvault status`, in messages. */
export type VaultPlace = FilePlace | RemotePlace;

/** One file. */
export interface FilePlace {
  readonly kind: "file";
  readonly key: string;
  /** Absolute. */
  readonly path: string;
}

/** Objects behind a local database. */
export type RemotePlace = DirectoryPlace | DiscordPlace;

/** A folder of objects. */
export interface DirectoryPlace {
  readonly kind: "directory";
  readonly key: string;
  /** Absolute. */
  readonly path: string;
}

/** Channels at Discord. */
export interface DiscordPlace {
  readonly kind: "discord";
  readonly key: string;
  readonly config: DiscordConfig;
}

const DIRECTORY_PREFIX = "dir:";
const URL_PATTERN = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Whether a text is a store URL. */
export function isStoreUrl(text: string): boolean {
  return URL_PATTERN.test(text);
}

/** Whether a text names a folder of objects. */
export function isDirectoryText(text: string): boolean {
  return text.startsWith(DIRECTORY_PREFIX);
}

/** The place of a vault file. @param path - relative to the working directory, or absolute */
export function filePlace(path: string): FilePlace {
  const absolute = resolve(path);
  return { kind: "file", key: absolute, path: absolute };
}

/** The place at Discord that ids give. */
export function discordPlace(config: DiscordConfig): DiscordPlace {
  return { kind: "discord", key: encodeDiscordUrl(config), config };
}

/**
 * Reads a place.
 * @param text - a path, `dir:PATH`, or a URL
 * @throws UsageError USAGE
 */
export function parsePlace(text: string): VaultPlace {
  if (isDirectoryText(text)) return directoryPlace(text.slice(DIRECTORY_PREFIX.length));
  if (isDiscordUrl(text)) return discordPlace(decodeDiscordUrl(text));
  const scheme = URL_PATTERN.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return filePlace(text);
  if (scheme === "file") return filePlace(pathOfUrl(text));
  throw new UsageError(
    "USAGE",
    `no store for ${scheme}:// URLs: there are file:///path/to/vault.dvault, dir:/path/to/folder and discord://server/channel`,
  );
}

function directoryPlace(path: string): DirectoryPlace {
  if (path === "")
    throw new UsageError("USAGE", "dir: needs the path of a folder, as in dir:/mnt/x");
  const absolute = resolve(path);
  return { kind: "directory", key: `${DIRECTORY_PREFIX}${absolute}`, path: absolute };
}

function pathOfUrl(url: string): string {
  try {
    const path = fileURLToPath(url);
    if (!path.includes("\0")) return path;
  } catch (error) {
    throw malformedUrl(url, error);
  }
  throw malformedUrl(url);
}

function malformedUrl(url: string, cause?: unknown): UsageError {
  return new UsageError("USAGE", `${url}: write file:///absolute/path`, { cause });
}
