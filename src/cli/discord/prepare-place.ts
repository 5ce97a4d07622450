/**
 * Prepares a place at Discord for a new vault, step by step: the notice, the token, the server, the channels.
 *
 * @module
 */
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { HISTORY_MAX } from "../../stores/objects/discord/api/channel-api.ts";
import { isRecord } from "../../stores/objects/discord/content-codec.ts";
import type { DiscordConfig } from "../../stores/objects/discord/discord-config.ts";
import type { CliContext } from "../context.ts";
import {
  type Chooser,
  type ChosenPlace,
  chooseGuild,
  choosePlace,
  type LaneChoice,
  laneOptions,
  type PlaceChoice,
  placeOptions,
} from "./choose-place.ts";
import {
  type DiscordSecrets,
  obtainSecrets,
  type TokenChoice,
  tokenOptions,
} from "./discord-secrets.ts";
import { withDiscord } from "./discord-vault.ts";
import { acceptPolicy } from "./policy.ts";
import { Questions } from "./questions.ts";

/** Options of `dvault init` for a vault at Discord. */
export const discordOptions = {
  ...tokenOptions,
  ...placeOptions,
  ...laneOptions,
  "accept-policy": {
    type: "boolean",
    default: false,
    describe: "Say yes to what Discord's terms mean for this, which is shown",
    group: "Discord:",
  },
} as const;

/** Values of {@link discordOptions}. */
export interface DiscordChoice extends TokenChoice, PlaceChoice, LaneChoice {
  readonly "accept-policy": boolean;
}

/** A place that can be made, and who makes it. */
export interface PlaceDraft {
  readonly choice: PlaceChoice & LaneChoice;
  readonly secrets: DiscordSecrets;
}

/**
 * Asks and looks over what making a place needs; nothing is made yet.
 *
 * @param name - of the vault
 * @param wanted - the place that the command line gives as a URL
 * @throws UsageError USAGE, CANCELLED; StoreError STORE_EXISTS when there is a vault, or as Discord answers
 */
export async function draftPlace(
  context: CliContext,
  options: DiscordChoice,
  name: string,
  wanted?: DiscordConfig,
): Promise<PlaceDraft> {
  const choice = { ...options, ...choiceOf(wanted) };
  const questions = new Questions(context);
  try {
    await acceptPolicy(questions, options["accept-policy"]);
    const secrets = await obtainSecrets(context, options, choice.channel);
    return await withDiscord(context, secrets, async (client) => {
      const chooser: Chooser = { client, questions, signal: context.signal };
      await checkBot(chooser);
      if (choice.channel !== undefined) await checkEmpty(chooser, choice.channel, name);
      if (wanted !== undefined) checkWebhooks(wanted, secrets);
      return { choice: { ...choice, guild: await chooseGuild(chooser, choice.guild) }, secrets };
    });
  } finally {
    await questions.close();
  }
}

/**
 * Makes what a draft lacks. Channels and webhooks that are made stay, whatever happens after.
 * @throws UsageError USAGE; StoreError as Discord answers
 */
export async function makePlace(
  context: CliContext,
  { choice, secrets }: PlaceDraft,
  name: string,
): Promise<ChosenPlace> {
  const questions = new Questions(context);
  return withDiscord(context, secrets, (client) =>
    choosePlace({ client, questions, signal: context.signal }, choice, secrets, name),
  );
}

function choiceOf(wanted: DiscordConfig | undefined): PlaceChoice {
  if (wanted === undefined) return {};
  const { guild, headerChannel, dataChannels } = wanted;
  return { guild, channel: headerChannel, "data-channel": dataChannels };
}

async function checkBot({ client, signal }: Chooser): Promise<void> {
  const { isBot, username } = await client.guilds.me({ signal });
  if (isBot) return;
  throw new UsageError("USAGE", `${username} is no bot, and Discord lets only bots be programs`);
}

/** @throws StoreError STORE_EXISTS */
async function checkEmpty(
  { client, signal }: Chooser,
  channel: string,
  name: string,
): Promise<void> {
  const newest = await client.channels.list(channel, { limit: HISTORY_MAX }, { signal });
  if (!newest.some(({ content }) => isRecord(content))) return;
  throw new StoreError(
    "STORE_EXISTS",
    `there is a vault in channel ${channel} already, and it stays; \`dvault recover-config ${name} --channel ${channel}\` makes it usable here, and a new one needs another channel`,
  );
}

/** @throws UsageError USAGE for a webhook that the URL names and nobody knows the address of */
function checkWebhooks({ webhooks }: DiscordConfig, secrets: DiscordSecrets): void {
  const known = new Set(secrets.webhooks.map(({ id }) => id));
  const missing = webhooks.find(({ id }) => !known.has(id));
  if (missing === undefined) return;
  throw new UsageError(
    "USAGE",
    `the URL of webhook ${missing.id} is not known: write it below the token in a --token-file, or into DVAULT_DISCORD_WEBHOOKS`,
  );
}
