/**
 * Finds the vault that a command means; the default vault is made when it is used first.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { Credentials } from "../core/crypto/unlock.ts";
import type { MountStatus } from "../mount/mount-status.ts";
import { listMounts } from "../mount/registry.ts";
import { loadConfig, saveConfig, withVault } from "./config/config.ts";
import { directories } from "./config/directories.ts";
import { resolveVault, type VaultReference } from "./config/vault-reference.ts";
import { type CliContext, warn } from "./context.ts";
import { createVault, passwordOnly } from "./create-vault.ts";
import { obtainFirstPassword, type PasswordChoice } from "./password/sources.ts";

/**
 * The vault that `text` means; empty text means the default vault. A `:` at its end, which a path could follow, may be there.
 * @throws UsageError USAGE for something that is no vault reference; StoreError STORE_MISSING for an unknown name
 */
export function findVault(context: CliContext, text: string): VaultReference {
  const places = directories(context.env);
  return resolveVault(text.replace(/:$/, ""), loadConfig(places), places);
}

/** Whether this is the default vault, and it was never made. */
export function isFirstUse(context: CliContext, { name, place }: VaultReference): boolean {
  if (name === undefined || place.kind !== "file") return false;
  const config = loadConfig(directories(context.env));
  const isKnown = Object.hasOwn(config.vaults, name);
  return name === config.default && !isKnown && !existsSync(place.path);
}

/**
 * Makes the default vault.
 * @returns what opens it; the caller's to wipe
 */
export async function makeDefaultVault(
  context: CliContext,
  reference: VaultReference,
  choice: PasswordChoice,
): Promise<Credentials> {
  warn(context, `making the default vault, ${reference.place.key}`);
  const password = await obtainFirstPassword(context, choice, "the default vault");
  const open = await createVault(context, reference.place, { keys: passwordOnly(password) });
  await open.close();
  rememberVault(context, reference);
  return { password };
}

/** Writes a named vault into the config. */
export function rememberVault(context: CliContext, reference: VaultReference): void {
  const { name, place, compression } = reference;
  if (name === undefined) return;
  const places = directories(context.env);
  const entry = { store: place.key, ...(compression === undefined ? {} : { compression }) };
  saveConfig(places, withVault(loadConfig(places), name, entry));
}

/** The mount of this user that writes to a vault, if there is one. */
export async function writingMount({ place }: VaultReference): Promise<MountStatus | undefined> {
  const mounts = await listMounts();
  return mounts.find((mount) => mount.vault === place.key && !mount.readOnly);
}
