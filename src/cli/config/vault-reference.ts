/**
 * Which vault a command means: a name from the config, the path of a `.dvault` file, or a store URL.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { type Compression, type Config, isVaultName } from "./config.ts";
import type { Directories } from "./directories.ts";

/** A vault's place. */
export interface VaultReference {
  /** What the user calls it: its name, or its path. */
  readonly label: string;
  /** Name in the config, when it was meant by name. */
  readonly name?: string;
  /** Absolute path of the vault file. */
  readonly path: string;
  /** How its new data is stored, when the config says so. */
  readonly compression?: Compression;
}

const URL_PATTERN = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Whether a text can only be a store URL. */
export function isStoreUrl(text: string): boolean {
  return URL_PATTERN.test(text);
}

/**
 * Finds the vault that `text` means.
 *
 * @param text - empty for the default vault
 * @throws UsageError USAGE for something that is no vault reference; StoreError STORE_MISSING for a name that is not
 *   in the config (the default vault's name always counts)
 */
export function resolveVault(text: string, config: Config, places: Directories): VaultReference {
  const wanted = text === "" ? config.default : text;
  if (isStoreUrl(wanted)) return urlReference(wanted);
  if (wanted.includes("/") || wanted.endsWith(".dvault"))
    return { label: wanted, path: resolve(wanted) };
  if (!isVaultName(wanted)) {
    throw new UsageError(
      "USAGE",
      `${JSON.stringify(wanted)} is no vault: give a name, a path or a URL`,
    );
  }
  return namedReference(wanted, config, places);
}

/** Where a vault made by name is kept. */
export function pathOfNamedVault(name: string, places: Directories): string {
  return join(places.data, `${name}.dvault`);
}

function namedReference(name: string, config: Config, places: Directories): VaultReference {
  const entry = Object.hasOwn(config.vaults, name) ? config.vaults[name] : undefined;
  if (entry === undefined) {
    if (name === config.default) return { label: name, name, path: pathOfNamedVault(name, places) };
    throw new StoreError(
      "STORE_MISSING",
      `no vault is named ${name}: make it with \`dvault init ${name}\`, or write /${name} for a path inside the default vault`,
    );
  }
  const path = isStoreUrl(entry.store) ? urlReference(entry.store).path : resolve(entry.store);
  const { compression } = entry;
  return { label: name, name, path, ...(compression === undefined ? {} : { compression }) };
}

function urlReference(url: string): VaultReference {
  const scheme = URL_PATTERN.exec(url)?.[1]?.toLowerCase();
  if (scheme !== "file") {
    throw new UsageError(
      "USAGE",
      `no store for ${scheme}:// URLs: this version has file:///path/to/vault.dvault`,
    );
  }
  try {
    const path = fileURLToPath(url);
    return { label: path, path };
  } catch (error) {
    throw malformedUrl(url, error);
  }
}

function malformedUrl(url: string, cause: unknown): UsageError {
  return new UsageError("USAGE", `${url}: write file:///absolute/path`, { cause });
}
