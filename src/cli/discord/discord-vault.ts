/**
 * From what the command line says to a connection with Discord.
 *
 * @module
 */
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import { type ClientParts, DiscordClient } from "../../stores/objects/discord/discord-client.ts";
import {
  type DiscordConfig,
  decodeDiscordUrl,
  isDiscordUrl,
} from "../../stores/objects/discord/discord-config.ts";
import { DiscordObjectStore } from "../../stores/objects/discord/discord-object-store.ts";
import { serviceOf } from "../../stores/objects/discord/discord-service.ts";
import { DEFAULT_SETTINGS } from "../../stores/objects/discord/settings.ts";
import { systemTiming } from "../../stores/objects/discord/steady-timing.ts";
import { loadConfig } from "../config/config.ts";
import { directories } from "../config/directories.ts";
import type { CliContext } from "../context.ts";
import type { DiscordSecrets } from "./discord-secrets.ts";

/**
 * The place of the vault at Discord that `text` means: a name from the config, or a URL.
 * @param text - empty for the default vault
 * @throws UsageError USAGE when it is no vault at Discord
 */
export function findDiscordVault(context: CliContext, text: string): DiscordConfig {
  const config = loadConfig(directories(context.env));
  const name = text === "" ? config.default : text;
  const entry = Object.hasOwn(config.vaults, name) ? config.vaults[name] : undefined;
  const url = entry?.store ?? name;
  if (isDiscordUrl(url)) return decodeDiscordUrl(url);
  throw new UsageError("USAGE", `${name} is no vault at Discord`);
}

/** A vault at Discord, and who speaks for it. */
export interface DiscordAccess {
  readonly config: DiscordConfig;
  readonly secrets: DiscordSecrets;
  readonly readOnly: boolean;
}

/** Opens the objects of a vault at Discord; nothing is asked of Discord yet. */
export function openDiscordObjects(
  context: CliContext,
  { config, secrets, readOnly }: DiscordAccess,
): DiscordObjectStore {
  return new DiscordObjectStore({
    ...clientParts(context, secrets.token),
    config,
    webhookAddresses: secrets.webhooks,
    readOnly,
    usesRefreshUrls: context.env.DVAULT_DISCORD_REFRESH_URLS === "1",
  });
}

/** Lets `work` speak to Discord, until it ends. */
export async function withDiscord<T>(
  context: CliContext,
  { token }: DiscordSecrets,
  work: (client: DiscordClient) => Promise<T>,
): Promise<T> {
  const client = new DiscordClient(clientParts(context, token));
  try {
    return await work(client);
  } finally {
    await client.close(new StoreError("STORE_FAILED", "the connection to Discord is closed"));
  }
}

function clientParts(context: CliContext, token: DiscordSecrets["token"]): ClientParts {
  return {
    service: serviceOf(context.env),
    token,
    timing: systemTiming,
    random: nodePlatform.random,
    settings: DEFAULT_SETTINGS,
  };
}
