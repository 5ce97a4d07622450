/**
 * The secrets of a vault at Discord: the bot's token and the webhooks' URLs.
 *
 * They come from, in this order: `--token-file`, the variables DVAULT_DISCORD_TOKEN and DVAULT_DISCORD_WEBHOOKS, the file
 * that the set-up left beside `config.json`, a question at the terminal. A file holds the token on its first line and a
 * webhook's URL on each further one; empty lines and those that begin with # do not count.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toText } from "../../core/base/bytes.ts";
import type { SecretBytes } from "../../core/crypto/secret-bytes.ts";
import type { DiscordConfig } from "../../stores/objects/discord/discord-config.ts";
import { BotToken } from "../../stores/objects/discord/rest/bot-token.ts";
import { WebhookAddress } from "../../stores/objects/discord/webhook.ts";
import { directories } from "../config/directories.ts";
import { replaceOwnerFile } from "../config/owner-file.ts";
import { type CliContext, warn } from "../context.ts";
import { readSecretFile } from "../password/read-secret.ts";
import { onTerminal } from "../password/terminal.ts";

/** What speaks for a vault at Discord. */
export interface DiscordSecrets {
  readonly token: BotToken;
  readonly webhooks: readonly WebhookAddress[];
}

/** Options of commands that need the secrets. */
export const tokenOptions = {
  "token-file": {
    type: "string",
    describe: "Read the bot's token from a file, and webhooks' URLs from its further lines",
    requiresArg: true,
    group: "Discord:",
  },
} as const;

/** Values of {@link tokenOptions}. */
export interface TokenChoice {
  readonly "token-file"?: string | undefined;
}

/**
 * Obtains the secrets.
 *
 * @param headerChannel - of the vault they are for; undefined when that is to be found with them
 * @throws UsageError USAGE for what is no token, NO_PASSWORD_SOURCE without any source, CANCELLED at Ctrl-C
 */
export async function obtainSecrets(
  context: CliContext,
  choice: TokenChoice,
  headerChannel?: string,
): Promise<DiscordSecrets> {
  const { "token-file": path } = choice;
  if (path !== undefined) return fromFile(context, path);
  const { DVAULT_DISCORD_TOKEN: token, DVAULT_DISCORD_WEBHOOKS: webhooks = "" } = context.env;
  if (token !== undefined && token !== "") {
    return parseSecrets([token, ...webhooks.split(/\s+/)].join("\n"));
  }
  const saved = headerChannel === undefined ? undefined : savedSecrets(context, headerChannel);
  return saved ?? fromTerminal();
}

/** Keeps secrets for their owner only, beside `config.json`, and says where. */
export function keepSecrets(
  context: CliContext,
  { headerChannel }: DiscordConfig,
  secrets: DiscordSecrets,
): void {
  const path = secretsPath(context, headerChannel);
  replaceOwnerFile(path, encodeSecrets(secrets));
  warn(context, `the token is kept in ${path}`);
}

function secretsPath(context: CliContext, headerChannel: string): string {
  return join(directories(context.env).config, `discord-${headerChannel}.secret`);
}

function savedSecrets(context: CliContext, headerChannel: string): DiscordSecrets | undefined {
  const path = secretsPath(context, headerChannel);
  try {
    readFileSync(path).fill(0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return fromFile(context, path);
}

function fromFile(context: CliContext, path: string): DiscordSecrets {
  return secretsIn(readSecretFile(path, (problem) => warn(context, problem)).finish());
}

async function fromTerminal(): Promise<DiscordSecrets> {
  const source = { subject: "the bot's token", instead: "--token-file or DVAULT_DISCORD_TOKEN" };
  const token = await onTerminal(source, (terminal) => terminal.askSecret("token of the bot: "));
  return secretsIn(token);
}

/** @param text - wiped */
function secretsIn(text: SecretBytes): DiscordSecrets {
  try {
    return parseSecrets(text.use(toText));
  } finally {
    text.wipe();
  }
}

/** The text of a file of secrets. */
export function encodeSecrets({ token, webhooks }: DiscordSecrets): string {
  const lines = [token.authorization, ...webhooks.map(({ url }) => url)];
  return `${lines.join("\n")}\n`;
}

/** Reads the text of a file of secrets. @throws UsageError USAGE */
export function parseSecrets(text: string): DiscordSecrets {
  const lines = text.split("\n").map((line) => line.trim());
  const [token = "", ...urls] = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return { token: BotToken.parse(token), webhooks: urls.map((url) => WebhookAddress.parse(url)) };
}
