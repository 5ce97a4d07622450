/**
 * Where a vault is at Discord. Nothing in it is secret: it can be kept and shown. It is written as a URL:
 *
 * ```
 * discord://<guild>/<header channel>?data=<channel>,<channel>&webhooks=<webhook>@<channel>&writers=<user>
 * ```
 *
 * @module
 */
import { UsageError } from "../../../core/base/errors.ts";
import { parseUrl } from "./parse-url.ts";
import { isSnowflake } from "./snowflake.ts";

/** Ids of everything a vault consists of at Discord. */
export interface DiscordConfig {
  /** The server. */
  readonly guild: string;
  /** The channel of the header log: one vault each. */
  readonly headerChannel: string;
  /** Channels the bot posts data in. */
  readonly dataChannels: readonly string[];
  /** Webhooks that data is posted by; their tokens are kept with the bot's. */
  readonly webhooks: readonly WebhookPlace[];
  /** Bots, besides the one whose token is used, whose records count: ones it took the place of. */
  readonly writers: readonly string[];
}

/** A webhook without its token. */
export interface WebhookPlace {
  readonly id: string;
  readonly channel: string;
}

const SCHEME = "discord:";
const FORM =
  "discord://<server id>/<header channel id>?data=<channel id>,…&webhooks=<webhook id>@<channel id>,…";

/** Whether a text is meant as the URL of a vault at Discord. */
export function isDiscordUrl(text: string): boolean {
  return text.toLowerCase().startsWith(`${SCHEME}//`);
}

export function encodeDiscordUrl(config: DiscordConfig): string {
  const { guild, headerChannel, dataChannels, webhooks, writers } = config;
  const lists = {
    data: dataChannels,
    webhooks: webhooks.map(({ id, channel }) => `${id}@${channel}`),
    writers,
  };
  const query = Object.entries(lists)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}=${list.join(",")}`);
  const search = query.length > 0 ? `?${query.join("&")}` : "";
  return `${SCHEME}//${guild}/${headerChannel}${search}`;
}

/** @throws UsageError USAGE for a URL that does not name what is needed */
export function decodeDiscordUrl(url: string): DiscordConfig {
  const parsed = isDiscordUrl(url) ? parseUrl(url) : undefined;
  if (parsed === undefined) throw malformed(url, `write ${FORM}`);
  const { hostname, pathname, searchParams } = parsed;
  for (const name of searchParams.keys()) {
    if (!["data", "webhooks", "writers"].includes(name)) {
      throw malformed(url, `${name} means nothing here; write ${FORM}`);
    }
  }
  const list = (name: string): readonly string[] =>
    searchParams.getAll(name).flatMap((text) => text.split(",").filter((part) => part !== ""));
  return checkConfig({
    guild: hostname,
    headerChannel: pathname.slice(1),
    dataChannels: list("data"),
    webhooks: list("webhooks").map((text) => {
      const [id = "", channel = ""] = text.split("@");
      return { id, channel };
    }),
    writers: list("writers"),
  });
}

/**
 * Checks what the ids can show by themselves.
 * @returns the config
 * @throws UsageError USAGE
 */
export function checkConfig(config: DiscordConfig): DiscordConfig {
  const { guild, headerChannel, dataChannels, webhooks, writers } = config;
  const webhookIds = webhooks.flatMap(({ id, channel }) => [id, channel]);
  const ids = [guild, headerChannel, ...dataChannels, ...webhookIds, ...writers];
  const wrong = ids.find((id) => !isSnowflake(id));
  if (wrong !== undefined) {
    throw new UsageError(
      "USAGE",
      `${JSON.stringify(wrong)} is no id of discord: ids are numbers, to be copied in developer mode`,
    );
  }
  const lanes = [...dataChannels, ...webhooks.map(({ channel }) => channel)];
  if (lanes.length === 0) {
    throw new UsageError("USAGE", "a vault at discord needs a channel or a webhook for its data");
  }
  if (lanes.includes(headerChannel)) {
    throw new UsageError(
      "USAGE",
      `channel ${headerChannel} is the header channel: data needs another one`,
    );
  }
  if (new Set(dataChannels).size < dataChannels.length) {
    throw new UsageError("USAGE", "a data channel is named twice");
  }
  return config;
}

function malformed(url: string, problem: string): UsageError {
  return new UsageError("USAGE", `${url}: ${problem}`);
}
