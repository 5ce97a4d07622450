/**
 * `config.json`: the vaults that have a name, and which of them is the default. The file is readable by its owner only
 * and replaced atomically.
 *
 * ```json
 * { "default": "main", "vaults": { "main": { "store": "/home/u/.local/share/dvault/main.dvault" } } }
 * ```
 *
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../../core/base/errors.ts";
import { isJsonObject } from "../../core/base/json.ts";
import type { Directories } from "./directories.ts";
import { readOwnerFile, replaceOwnerFile } from "./owner-file.ts";

/** What stands in `config.json`. */
export interface Config {
  /** Name of the vault that is meant when none is given. */
  readonly default: string;
  readonly vaults: Readonly<Record<string, NamedVault>>;
}

/** A vault that has a name. */
export interface NamedVault {
  /** Key of its place. */
  readonly store: string;
  /** How its new data is stored; "none" when left out. */
  readonly compression?: Compression;
}

/** Whether data is stored compressed where that saves room. */
export type Compression = "none" | "deflate";

const DEFAULT_NAME = "default";
const EMPTY: Config = { default: DEFAULT_NAME, vaults: {} };

/** Whether a text may name a vault: a letter or digit, then up to 63 letters, digits, `.`, `_`, `-`; but not `dir`. */
export function isVaultName(text: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) && !text.endsWith(".dvault") && text !== "dir"
  );
}

/**
 * Reads the config; without a file it is empty.
 * @throws UsageError USAGE when the file does not say what it should
 */
export function loadConfig(places: Directories): Config {
  const path = join(places.config, "config.json");
  const text = readOwnerFile(path);
  return text === undefined ? EMPTY : decodeConfig(text, path);
}

/** Replaces the config file; directories are made with mode 0700, the file with 0600. */
export function saveConfig(places: Directories, config: Config): void {
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  replaceOwnerFile(join(places.config, "config.json"), text);
}

/** The config with one more named vault, which becomes the default when the default does not exist yet. */
export function withVault(config: Config, name: string, vault: NamedVault): Config {
  const isFirst = !Object.hasOwn(config.vaults, config.default);
  return {
    default: isFirst ? name : config.default,
    vaults: { ...config.vaults, [name]: vault },
  };
}

/**
 * Reads the text of a config.
 * @param path - what messages call it
 * @throws UsageError USAGE
 */
export function decodeConfig(text: string, path: string): Config {
  const value = parseJson(text, path);
  if (!isJsonObject(value)) throw malformed(path, "is not an object");
  const vaults: Record<string, NamedVault> = {};
  const listed = value.vaults ?? {};
  if (!isJsonObject(listed)) throw malformed(path, "vaults is not an object");
  for (const [name, vault] of Object.entries(listed)) {
    if (!isVaultName(name)) throw malformed(path, `${JSON.stringify(name)} is no vault name`);
    if (!isJsonObject(vault) || typeof vault.store !== "string")
      throw malformed(path, `vaults.${name}.store is missing`);
    vaults[name] = decodeVault(vault.store, vault.compression, () =>
      malformed(path, `vaults.${name}.compression is none or deflate`),
    );
  }
  const preferred = value.default ?? DEFAULT_NAME;
  if (typeof preferred !== "string" || !isVaultName(preferred))
    throw malformed(path, "default is no vault name");
  return { default: preferred, vaults };
}

function decodeVault(store: string, compression: unknown, refuse: () => UsageError): NamedVault {
  if (compression === undefined) return { store };
  if (compression === "none" || compression === "deflate") return { store, compression };
  throw refuse();
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(path, (error as Error).message, error);
  }
}

function malformed(path: string, problem: string, cause?: unknown): UsageError {
  return new UsageError("USAGE", `${path}: ${problem}; repair or remove the file`, { cause });
}
