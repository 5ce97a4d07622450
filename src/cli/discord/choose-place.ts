/**
 * Chooses a server and channels for a new vault, or makes the channels.
 *
 * @module
 */
import { StoreError, UsageError } from "../../core/base/errors.ts";
import { type Guild, TEXT_CHANNEL } from "../../stores/objects/discord/api/guild-api.ts";
import type { DiscordClient } from "../../stores/objects/discord/discord-client.ts";
import {
  checkConfig,
  type DiscordConfig,
  type WebhookPlace,
} from "../../stores/objects/discord/discord-config.ts";
import type { DiscordSecrets } from "./discord-secrets.ts";
import type { Questions } from "./questions.ts";

/** Options of commands that make a vault at Discord. */
export const placeOptions = {
  guild: {
    type: "string",
    describe: "Id of the server; found when the bot is in one only",
    requiresArg: true,
    group: "Discord:",
  },
  channel: {
    type: "string",
    describe: "Id of the header channel; made when left out",
    requiresArg: true,
    group: "Discord:",
  },
  "data-channel": {
    type: "string",
    array: true,
    describe: "Id of a channel for data, may be given several times; made when left out",
    requiresArg: true,
    group: "Discord:",
  },
} as const;

/** Values of {@link placeOptions}. */
export interface PlaceChoice {
  readonly guild?: string | undefined;
  readonly channel?: string | undefined;
  readonly "data-channel"?: readonly string[] | undefined;
}

/** What is chosen with. */
export interface Chooser {
  readonly client: DiscordClient;
  readonly questions: Questions;
  readonly signal: AbortSignal;
}

const TOPIC = "Kept by dvault. Please do not write here.";

/**
 * Chooses a place.
 * @param name - of the vault; channels that are made are named after it
 * @throws UsageError USAGE, CANCELLED; StoreError as Discord answers
 */
export async function choosePlace(
  chooser: Chooser,
  choice: PlaceChoice,
  secrets: DiscordSecrets,
  name: string,
): Promise<DiscordConfig> {
  const guild = await chooseGuild(chooser, choice.guild);
  const webhooks = await placesOf(chooser, secrets);
  const make = (suffix: string): Promise<string> =>
    makeChannel(chooser, guild, `${name}-${suffix}`);
  const headerChannel = choice.channel ?? (await make("log"));
  const given = choice["data-channel"] ?? [];
  const dataChannels = given.length > 0 || webhooks.length > 0 ? given : [await make("data")];
  const config = checkConfig({ guild, headerChannel, dataChannels, webhooks, writers: [] });
  await checkChannels(chooser, config);
  return config;
}

/** @throws UsageError USAGE when there is none, or nobody to choose */
export async function chooseGuild(
  { client, questions, signal }: Chooser,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) return given;
  const guilds = await client.guilds.guilds({ signal });
  const [only, ...others] = guilds;
  if (only === undefined) {
    throw new UsageError("USAGE", "the bot is in no server: invite it to a private one of yours");
  }
  if (others.length === 0) return only.id;
  if (questions.canAsk) return questions.choose("Which server?", guilds.map(choiceOf));
  const list = guilds.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new UsageError("USAGE", `the bot is in several servers, give --guild: ${list}`);
}

function choiceOf({ id, name }: Guild): { label: string; value: string } {
  return { label: `${name} (${id})`, value: id };
}

async function placesOf(
  { client, signal }: Chooser,
  { webhooks }: DiscordSecrets,
): Promise<readonly WebhookPlace[]> {
  const places: WebhookPlace[] = [];
  for (const address of webhooks) {
    const { id, channelId } = await client.webhooks.facts(address, { signal });
    places.push({ id, channel: channelId });
  }
  return places;
}

async function makeChannel(
  { client, questions, signal }: Chooser,
  guild: string,
  name: string,
): Promise<string> {
  const { id } = await client.guilds.makeChannel(guild, { name, topic: TOPIC }, { signal });
  questions.say(`made channel #${name} (${id})`);
  return id;
}

async function checkChannels(
  { client, signal }: Chooser,
  { guild, headerChannel, dataChannels }: DiscordConfig,
): Promise<void> {
  for (const id of [headerChannel, ...dataChannels]) {
    const { guildId, type, name } = await client.guilds.channel(id, { signal });
    if (guildId !== guild) {
      throw new StoreError("STORE_MISSING", `channel ${id} is not in server ${guild}`);
    }
    if (type !== TEXT_CHANNEL) {
      throw new StoreError("STORE_MISSING", `#${name} (${id}) is no plain text channel`);
    }
  }
}
