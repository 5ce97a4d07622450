/**
 * Which vault a command means: a name from the config, the path of a `.dvault` file, a folder of objects, or a store
 * URL.
 *
 * @module
 */
import { join } from "node:path";
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { type Compression, type Config, isVaultName } from "./config.ts";
import type { Directories } from "./directories.ts";
import {
  type FilePlace,
  filePlace,
  isDirectoryText,
  isStoreUrl,
  parsePlace,
  type VaultPlace,
} from "./vault-place.ts";

/** A vault, and where it is. */
export interface VaultReference {
  /** What the user calls it: its name, or its place as written. */
  readonly label: string;
  /** Name in the config, when it was meant by name. */
  readonly name?: string;
  readonly place: VaultPlace;
  /** How its new data is stored, when the config says so. */
  readonly compression?: Compression;
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
  if (isStoreUrl(wanted) || isDirectoryText(wanted)) {
    const place = parsePlace(wanted);
    return { label: place.key, place };
  }
  if (wanted.includes("/") || wanted.endsWith(".dvault")) {
    return { label: wanted, place: filePlace(wanted) };
  }
  if (!isVaultName(wanted)) {
    throw new UsageError(
      "USAGE",
      `${JSON.stringify(wanted)} is no vault: give a name, a path or a URL`,
    );
  }
  return namedReference(wanted, config, places);
}

/** Where a vault made by name is kept, unless another place is asked for. */
export function placeOfNamedVault(name: string, places: Directories): FilePlace {
  return filePlace(join(places.data, `${name}.dvault`));
}

function namedReference(name: string, config: Config, places: Directories): VaultReference {
  const entry = Object.hasOwn(config.vaults, name) ? config.vaults[name] : undefined;
  if (entry !== undefined) {
    const { store, compression } = entry;
    const place = parsePlace(store);
    return { label: name, name, place, ...(compression === undefined ? {} : { compression }) };
  }
  if (name === config.default) return { label: name, name, place: placeOfNamedVault(name, places) };
  throw new StoreError(
    "STORE_MISSING",
    `no vault is named ${name}: make it with \`dvault init ${name}\`, or write /${name} for a path inside the default vault`,
  );
}
