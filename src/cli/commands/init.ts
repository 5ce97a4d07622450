/**
 * `dvault init`: makes a vault.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import { isVaultName, loadConfig } from "../config/config.ts";
import { directories } from "../config/directories.ts";
import { placeOfNamedVault, resolveVault, type VaultReference } from "../config/vault-reference.ts";
import { type CliContext, writeTo } from "../context.ts";
import { chooseKeys, createVault, kdfOptions, newVaultOptions } from "../create-vault.ts";
import { rememberVault } from "../find-vault.ts";
import { passwordOptions } from "../password/sources.ts";

/** Makes vaults. */
export const initCommand: Command = defineCommand({
  names: ["init"],
  summary: "Make a vault",
  usage: "[name|path]",
  operands: [0, 1],
  options: { ...newVaultOptions, ...kdfOptions, ...compressionOption, ...passwordOptions },
  examples: [
    ["dvault init", "the default vault"],
    ["dvault init work", "a vault named work, kept among your data"],
    ["dvault init /mnt/disk/a.dvault --recipient age1…", "a vault file that a recipient opens"],
  ],
  notes:
    "A named vault is written into the config; the first one becomes the default. A password is asked for twice, or taken from one of the password options or DVAULT_PASSWORD. --compression is remembered for a named vault.",
  async run(context, { operands, options }) {
    const reference = newReference(context, operands[0] ?? "");
    const { compression } = options;
    if (compression !== undefined && reference.name === undefined) {
      throw new UsageError(
        "USAGE",
        "--compression is remembered by name: give it to mount, put or create instead",
      );
    }
    const { place } = reference;
    if (place.kind === "file" && existsSync(place.path)) {
      throw new StoreError("STORE_EXISTS", `${place.path} exists already; choose another name`);
    }
    const keys = await chooseKeys(context, options, reference.label);
    try {
      const open = await createVault(context, place, { keys });
      await open.close();
    } finally {
      keys.password?.wipe();
    }
    rememberVault(context, compression === undefined ? reference : { ...reference, compression });
    await writeTo(context.stdout, `${place.key}\n`);
    return undefined;
  },
});

function newReference(context: CliContext, text: string): VaultReference {
  const places = directories(context.env);
  const config = loadConfig(places);
  const name = text === "" ? config.default : text;
  if (!isVaultName(name)) return resolveVault(text, config, places);
  if (!Object.hasOwn(config.vaults, name))
    return { label: name, name, place: placeOfNamedVault(name, places) };
  return resolveVault(name, config, places);
}
