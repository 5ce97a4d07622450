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
import type { Webhook, WebhookAddress } from "../../stores/objects/discord/webhook.ts";
import type { DiscordSecrets } from "./discord-secrets.ts";
import type { Questions } from "./questions.ts";

/** Options that say where at Discord. */
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

/** Options that say how many lanes are made. */
export const laneOptions = {
  lanes: {
    type: "number",
    describe: "Channels for data to be made, for uploads side by side; 1 when nothing is said",
    requiresArg: true,
    group: "Discord:",
  },
  "webhook-lanes": {
    type: "number",
    describe: "Channels to be made with a webhook each, for uploads side by side",
    requiresArg: true,
    group: "Discord:",
  },
} as const;

/** Values of {@link laneOptions}. */
export interface LaneChoice {
  readonly lanes?: number | undefined;
  readonly "webhook-lanes"?: number | undefined;
}

/** What is chosen with. */
export interface Chooser {
  readonly client: DiscordClient;
  readonly questions: Questions;
  readonly signal: AbortSignal;
}

/** A place, and who speaks there. */
export interface ChosenPlace {
  readonly config: DiscordConfig;
  readonly secrets: DiscordSecrets;
}

const TOPIC = "Kept by dvault. Please do not write here.";

/** Most lanes made at once. */
const LANES_MAX = 20;

/**
 * Chooses a place for a new vault. Channels and webhooks that are made stay, whatever happens after.
 *
 * @param name - of the vault; channels that are made are named after it
 * @returns the place, and the secrets with those of webhooks that were made
 * @throws UsageError USAGE, CANCELLED; StoreError as Discord answers
 */
export async function choosePlace(
  chooser: Chooser,
  choice: PlaceChoice & LaneChoice,
  secrets: DiscordSecrets,
  name: string,
): Promise<ChosenPlace> {
  const lanes = { bot: laneCount(choice, "lanes"), webhook: laneCount(choice, "webhook-lanes") };
  const guild = await chooseGuild(chooser, choice.guild);
  const known = await placesOf(chooser, secrets);
  const maker = { chooser, guild, name };
  const headerChannel = choice.channel ?? (await makeChannel(maker, "log"));
  const given = choice["data-channel"] ?? [];
  const isEnough = given.length + known.length + (lanes.webhook ?? 0) > 0;
  const made = await makeChannels(maker, "data", lanes.bot ?? (isEnough ? 0 : 1));
  const webhooks = await makeWebhooks(maker, lanes.webhook ?? 0);
  const config = checkConfig({
    guild,
    headerChannel,
    dataChannels: [...given, ...made],
    webhooks: [...known, ...webhooks.map(({ address, channelId }) => placeOf(address, channelId))],
    writers: [],
  });
  await checkChannels(chooser, config);
  const addresses = [...secrets.webhooks, ...webhooks.map(({ address }) => address)];
  return { config, secrets: { ...secrets, webhooks: addresses } };
}

function laneCount(choice: LaneChoice, option: keyof LaneChoice): number | undefined {
  const count = choice[option];
  if (count === undefined) return undefined;
  if (Number.isSafeInteger(count) && count >= 0 && count <= LANES_MAX) return count;
  throw new UsageError("USAGE", `--${option} takes whole numbers up to ${LANES_MAX}`);
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
    const { channelId } = await client.webhooks.facts(address, { signal });
    places.push(placeOf(address, channelId));
  }
  return places;
}

function placeOf({ id }: WebhookAddress, channel: string): WebhookPlace {
  return { id, channel };
}

/** What channels are made with. */
interface Maker {
  readonly chooser: Chooser;
  readonly guild: string;
  /** What their names begin with. */
  readonly name: string;
}

async function makeChannels(
  maker: Maker,
  suffix: string,
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n++) {
    ids.push(await makeChannel(maker, n === 1 ? suffix : `${suffix}-${n}`));
  }
  return ids;
}

async function makeWebhooks(maker: Maker, count: number): Promise<readonly Webhook[]> {
  const { client, signal } = maker.chooser;
  const webhooks: Webhook[] = [];
  for (const channel of await makeChannels(maker, "lane", count)) {
    webhooks.push(await client.guilds.makeWebhook(channel, "dvault", { signal }));
  }
  return webhooks;
}

async function makeChannel({ chooser, guild, name }: Maker, suffix: string): Promise<string> {
  const { client, questions, signal } = chooser;
  const channel = { name: `${name}-${suffix}`, topic: TOPIC };
  const { id } = await client.guilds.makeChannel(guild, channel, { signal });
  questions.say(`made channel #${channel.name} (${id})`);
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
