/**
 * Looks at everything a vault at Discord depends on, and says what to change: what `dvault doctor` shows.
 *
 * It posts files of its own, which it removes again, and touches nothing else.
 *
 * @module
 */
import { DvaultError } from "../../../../core/base/errors.ts";
import { HISTORY_MAX } from "../api/channel-api.ts";
import { TEXT_CHANNEL } from "../api/guild-api.ts";
import { isRecord } from "../content-codec.ts";
import type { DiscordClient } from "../discord-client.ts";
import type { DiscordConfig, WebhookPlace } from "../discord-config.ts";
import { ChannelMailbox, type Mailbox, WebhookMailbox } from "../post/mailbox.ts";
import { readUrlLife } from "../read/signed-url.ts";
import { RefusedError } from "../rest/refused-error.ts";
import { snowflakeTime } from "../snowflake.ts";
import type { WebhookAddress } from "../webhook.ts";
import type { Finding } from "./finding.ts";
import { tryPosting } from "./trial.ts";

/** What is looked at. */
export interface CheckUp {
  readonly client: DiscordClient;
  readonly config: DiscordConfig;
  readonly webhookAddresses: readonly WebhookAddress[];
  readonly signal?: AbortSignal | undefined;
}

interface Check {
  readonly subject: string;
  /** Subjects without which this one cannot be looked at. */
  readonly needs: readonly string[];
  run(checkUp: CheckUp): Promise<readonly Finding[]>;
}

const SMALL_FILE = 50_000;
const SMALLEST_PART = 256 * 1024;
const SKEW_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Looks at one thing after the other. What is wrong is a finding, not an error, and what depends on it is left out. */
export async function* runCheckUp(checkUp: CheckUp): AsyncIterable<Finding> {
  const failed = new Set<string>();
  for (const { subject, needs, run } of checksOf(checkUp)) {
    if (needs.some((one) => failed.has(one))) {
      failed.add(subject);
      continue;
    }
    try {
      for (const finding of await run(checkUp)) {
        if (finding.verdict === "bad") failed.add(subject);
        yield finding;
      }
    } catch (error) {
      if (!(error instanceof DvaultError)) throw error;
      failed.add(subject);
      yield failure(subject, error);
    }
  }
}

function checksOf({ config }: CheckUp): readonly Check[] {
  const { guild, headerChannel, dataChannels, webhooks } = config;
  const server = `server ${guild}`;
  const [first] = [...dataChannels.map(channelSubject), ...webhooks.map(webhookSubject)];
  const needs = [server, first ?? server];
  return [
    { subject: "token", needs: [], run: checkToken },
    { subject: "clock", needs: ["token"], run: checkClock },
    { subject: server, needs: ["token"], run: checkGuild },
    { subject: "header log", needs: [server], run: checkLog },
    ...[headerChannel, ...dataChannels].map((id) => ({
      subject: channelSubject(id),
      needs: [server],
      run: (checkUp: CheckUp) => checkChannel(checkUp, id),
    })),
    ...webhooks.map((place) => ({
      subject: webhookSubject(place),
      needs: [server],
      run: (checkUp: CheckUp) => checkWebhook(checkUp, place),
    })),
    ...dataChannels.map((id) => ({
      subject: `deleting in channel ${id}`,
      needs: [channelSubject(id)],
      run: (checkUp: CheckUp) => checkDeleting(checkUp, id),
    })),
    { subject: "size of parts", needs, run: checkSize },
    { subject: "CDN", needs, run: checkCdn },
  ];
}

function channelSubject(id: string): string {
  return `channel ${id}`;
}

function webhookSubject({ id }: WebhookPlace): string {
  return `webhook ${id}`;
}

async function checkToken({ client, signal }: CheckUp): Promise<readonly Finding[]> {
  const me = await client.guilds.me({ signal });
  if (me.isBot) return [good("token", `it is that of the bot ${me.username} (${me.id})`)];
  return [
    bad("token", `it is that of ${me.username}, who is no bot`, "only bot tokens may be used"),
  ];
}

async function checkClock({ client }: CheckUp): Promise<readonly Finding[]> {
  const skewMs = client.clock.skewMs ?? 0;
  if (Math.abs(skewMs) < SKEW_MS) return [good("clock", "it agrees with Discord's")];
  const hours = Math.abs(skewMs) / HOUR_MS;
  const amount = hours < 1 ? `${Math.round(hours * 60)} minutes` : `${hours.toFixed(1)} hours`;
  return [
    {
      subject: "clock",
      verdict: "odd",
      text: `it is ${amount} ${skewMs > 0 ? "ahead of" : "behind"} Discord's`,
      advice: "set it; the vault works all the same, but times of files will be wrong",
    },
  ];
}

async function checkGuild({ client, config, signal }: CheckUp): Promise<readonly Finding[]> {
  const { name, boostTier = 0 } = await client.guilds.guild(config.guild, { signal });
  return [
    good(`server ${config.guild}`, `it is ${JSON.stringify(name)}, of boost tier ${boostTier}`),
  ];
}

async function checkLog({ client, config, signal }: CheckUp): Promise<readonly Finding[]> {
  const subject = "header log";
  const { headerChannel, writers } = config;
  const messages = await client.channels.list(headerChannel, { limit: HISTORY_MAX }, { signal });
  const own = new Set([client.parts.token.userId, ...writers]);
  const records = messages.filter(
    ({ authorId, content }) => own.has(authorId) && isRecord(content),
  );
  const foreign = messages.filter(({ authorId }) => !own.has(authorId));
  const [newest] = records;
  const text =
    newest === undefined
      ? "it is empty"
      : `its newest record is of ${new Date(snowflakeTime(newest.id)).toISOString()}`;
  const findings: Finding[] = [
    newest === undefined
      ? { subject, verdict: "odd", text, advice: "`dvault init --store discord` makes a vault" }
      : good(subject, text),
  ];
  if (foreign.length > 0) {
    findings.push({
      subject,
      verdict: "odd",
      text: `${foreign.length} of the newest ${messages.length} messages are of others`,
      advice: "let nobody else write there: records behind many of them are found slowly",
    });
  }
  return findings;
}

async function checkChannel(checkUp: CheckUp, id: string): Promise<readonly Finding[]> {
  const { client, config, signal } = checkUp;
  const subject = channelSubject(id);
  const channel = await client.guilds.channel(id, { signal });
  if (channel.guildId !== config.guild) {
    const advice = `change the config: it names server ${config.guild}`;
    return [bad(subject, `it belongs to server ${channel.guildId ?? "none"}`, advice)];
  }
  if (channel.type !== TEXT_CHANNEL) {
    return [bad(subject, `#${channel.name} is no text channel`, "choose a plain text channel")];
  }
  const mailbox = new ChannelMailbox(client.channels, id);
  const { id: messageId } = await tryPosting(client, { mailbox, bytes: SMALL_FILE, signal });
  await client.channels.list(id, { limit: 1 }, { signal });
  const text = `#${channel.name}: a file was posted, read back and deleted (message ${messageId})`;
  return [good(subject, text)];
}

async function checkWebhook(
  { client, config, webhookAddresses, signal }: CheckUp,
  place: WebhookPlace,
): Promise<readonly Finding[]> {
  const subject = webhookSubject(place);
  const { id, channel: channelId } = place;
  const address = webhookAddresses.find((one) => one.id === id);
  if (address === undefined) {
    return [bad(subject, "its URL is not known", "add its URL to the file with the token")];
  }
  const facts = await client.webhooks.facts(address, { signal });
  if (facts.channelId !== channelId || (facts.guildId ?? config.guild) !== config.guild) {
    const text = `it posts in channel ${facts.channelId}, not in ${channelId}`;
    return [bad(subject, text, "run `dvault recover-config`, or move the webhook back")];
  }
  const mailbox = new WebhookMailbox(client.channels, client.webhooks, { address, channelId });
  await tryPosting(client, { mailbox, bytes: SMALL_FILE, signal });
  const findings = [good(subject, "a file was posted, read back and deleted")];
  if (await client.guilds.readsContent({ signal })) return findings;
  return [
    ...findings,
    {
      subject,
      verdict: "odd",
      text: "Discord hides what it posts from the bot: it can be read by the webhook's URL only, one message a call",
      advice:
        "turn on the Message Content intent in the developer portal (Bot, Privileged Gateway Intents), and never lose the webhook's URL",
    },
  ];
}

async function checkDeleting(
  { client, signal }: CheckUp,
  channelId: string,
): Promise<readonly Finding[]> {
  const subject = `deleting in channel ${channelId}`;
  const unknown = [channelId, `${BigInt(channelId) + 1n}`];
  try {
    await client.channels.bulkDelete(channelId, unknown, { signal });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.status === 403) {
      return [
        {
          subject,
          verdict: "odd",
          text: "messages can be deleted one by one only",
          advice: "give the bot Manage Messages there: cleaning up is a hundred times faster",
        },
      ];
    }
  }
  return [good(subject, "a hundred messages at a time")];
}

async function checkSize(checkUp: CheckUp): Promise<readonly Finding[]> {
  const { client, signal } = checkUp;
  const subject = "size of parts";
  const mailbox = laneOf(checkUp);
  const { objectBytes } = client.parts.settings;
  for (let bytes = objectBytes; bytes >= SMALLEST_PART; bytes = Math.floor(bytes / 2)) {
    try {
      await tryPosting(client, { mailbox, bytes, signal });
    } catch (error) {
      if (error instanceof RefusedError && error.isTooLarge) continue;
      throw error;
    }
    const text = `${bytes / 2 ** 20} MiB are taken`;
    if (bytes === objectBytes) return [good(subject, text)];
    const advice =
      "nothing need be done: parts are cut smaller; a boosted server takes larger ones";
    return [{ subject, verdict: "odd", text: `no more than ${text}`, advice }];
  }
  return [bad(subject, "not even small files are taken", "look at the server's rules for uploads")];
}

async function checkCdn(checkUp: CheckUp): Promise<readonly Finding[]> {
  const { client, signal } = checkUp;
  const trial = { mailbox: laneOf(checkUp), bytes: SMALL_FILE, signal };
  const { attachments } = await tryPosting(client, trial);
  const life = readUrlLife(attachments[0]?.url ?? "");
  const hours = life === undefined ? undefined : life.lengthMs / HOUR_MS;
  const text =
    hours === undefined
      ? "its URLs do not expire"
      : `its URLs are good for ${hours.toFixed(1)} hours`;
  if (client.cdn.honoursRanges) return [good("CDN", `${text}, and it sends parts of files`)];
  const advice = "nothing can be done: reading small parts will be slow";
  return [{ subject: "CDN", verdict: "odd", text: `${text}; it sends whole files only`, advice }];
}

/** Where data goes out first: a channel of the bot, else a webhook. */
function laneOf({ client, config, webhookAddresses }: CheckUp): Mailbox {
  const [channelId] = config.dataChannels;
  const [place] = config.webhooks;
  const address = webhookAddresses.find(({ id }) => id === place?.id);
  if (channelId === undefined && place !== undefined && address !== undefined) {
    const webhook = { address, channelId: place.channel };
    return new WebhookMailbox(client.channels, client.webhooks, webhook);
  }
  return new ChannelMailbox(client.channels, channelId ?? config.headerChannel);
}

function failure(subject: string, { code, message: text }: DvaultError): Finding {
  if (code !== "STORE_DOWN") return { subject, verdict: "bad", text };
  return bad(subject, text, "see whether this machine reaches discord.com, and try again");
}

function good(subject: string, text: string): Finding {
  return { subject, verdict: "good", text };
}

function bad(subject: string, text: string, advice: string): Finding {
  return { subject, verdict: "bad", text, advice };
}
