/**
 * `dvault init`: makes a vault in a file, in a folder of objects or at Discord.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { type Command, defineCommand } from "../command.ts";
import { compressionOption } from "../compression-option.ts";
import { isVaultName, loadConfig } from "../config/config.ts";
import { directories } from "../config/directories.ts";
import { discordPlace, parsePlace, type VaultPlace } from "../config/vault-place.ts";
import { placeOfNamedVault, resolveVault, type VaultReference } from "../config/vault-reference.ts";
import { type CliContext, writeTo } from "../context.ts";
import { chooseKeys, createVault, kdfOptions, newVaultOptions } from "../create-vault.ts";
import { type DiscordSecrets, keepSecrets } from "../discord/discord-secrets.ts";
import {
  type DiscordChoice,
  discordOptions,
  draftPlace,
  makePlace,
} from "../discord/prepare-place.ts";
import { rememberVault } from "../find-vault.ts";
import { passwordOptions } from "../password/sources.ts";

/** What `--store` takes for a place at Discord that is chosen step by step. */
const WIZARD = "discord";

/** Makes vaults. */
export const initCommand: Command = defineCommand({
  names: ["init"],
  summary: "Make a vault",
  usage: "[name|place]",
  operands: [0, 1],
  options: {
    store: {
      type: "string",
      describe: "Where a named vault is kept: a path, dir:PATH, discord, or a discord:// URL",
      requiresArg: true,
    },
    ...newVaultOptions,
    ...kdfOptions,
    ...compressionOption,
    ...passwordOptions,
    ...discordOptions,
  },
  examples: [
    ["dvault init", "the default vault"],
    ["dvault init work", "a vault named work, kept among your data"],
    ["dvault init /mnt/disk/a.dvault --recipient age1…", "a vault file that a recipient opens"],
    ["dvault init notes --store dir:/mnt/share/notes", "objects in a folder, which may be synced"],
    ["dvault init far --store discord", "at Discord; asks for what it needs"],
  ],
  notes:
    "A named vault is written into the config; the first one becomes the default. A password is asked for twice, or taken from one of the password options or DVAULT_PASSWORD. --compression is remembered for a named vault. The bot's token is taken from --token-file, DVAULT_DISCORD_TOKEN or a prompt, and kept beside the config, for you only.",
  async run(context, { operands, options }) {
    const wanted = newReference(context, operands[0] ?? "", options.store);
    const { compression } = options;
    if (compression !== undefined && wanted.name === undefined) {
      throw new UsageError(
        "USAGE",
        "--compression is remembered by name: give it to mount, put or create instead",
      );
    }
    const complete = await prepare(context, options, wanted);
    const keys = await chooseKeys(context, options, wanted.label);
    try {
      const { place, secrets } = await complete();
      const open = await createVault(context, place, { keys, secrets });
      await open.close();
      if (place.kind === "discord" && secrets !== undefined) {
        keepSecrets(context, place.config, secrets);
      }
      rememberVault(context, { ...wanted, place, ...(compression && { compression }) });
      await writeTo(context.stdout, `${place.key}\n`);
    } finally {
      keys.password?.wipe();
    }
    return undefined;
  },
});

/** A vault that is to be made; one at Discord may have no place yet. */
type WantedVault = Omit<VaultReference, "place"> & Partial<Pick<VaultReference, "place">>;

/** @throws StoreError STORE_EXISTS for a name that means something already */
function newReference(context: CliContext, text: string, store: string | undefined): WantedVault {
  const places = directories(context.env);
  const config = loadConfig(places);
  const name = text === "" ? config.default : text;
  if (!isVaultName(name)) {
    if (store === undefined) return resolveVault(text, config, places);
    throw new UsageError("USAGE", `--store is for a named vault, and ${name} is no name`);
  }
  const isKnown = Object.hasOwn(config.vaults, name);
  if (store === undefined) {
    if (isKnown) return resolveVault(name, config, places);
    return { label: name, name, place: placeOfNamedVault(name, places) };
  }
  if (isKnown) {
    throw new StoreError("STORE_EXISTS", `a vault is named ${name} already; choose another name`);
  }
  return store === WIZARD ? { label: name, name } : { label: name, name, place: parsePlace(store) };
}

/** A place, and what it is reached with. */
interface PreparedPlace {
  readonly place: VaultPlace;
  readonly secrets?: DiscordSecrets;
}

/**
 * Looks a place over, so that what is wrong with it is told before a password is asked for.
 * @returns makes what the place lacks
 * @throws StoreError STORE_EXISTS when something is there
 */
async function prepare(
  context: CliContext,
  choice: DiscordChoice,
  { place, name = "dvault" }: WantedVault,
): Promise<() => Promise<PreparedPlace>> {
  if (place === undefined || place.kind === "discord") {
    const draft = await draftPlace(context, choice, name, place?.config);
    return async () => {
      const { config, secrets } = await makePlace(context, draft, name);
      return { place: discordPlace(config), secrets };
    };
  }
  if (place.kind === "file" && existsSync(place.path)) {
    throw new StoreError("STORE_EXISTS", `${place.path} exists already; choose another name`);
  }
  return async () => ({ place });
}
