/**
 * Finds vaults by what stands in the channels a bot sees: the way back when only the token is left.
 *
 * @module
 */
import { HISTORY_MAX } from "../api/channel-api.ts";
import { type Channel, TEXT_CHANNEL } from "../api/guild-api.ts";
import type { Message } from "../api/message.ts";
import { dataLabel, isRecord } from "../content-codec.ts";
import type { DiscordClient } from "../discord-client.ts";
import type { DiscordConfig, WebhookPlace } from "../discord-config.ts";
import { RefusedError } from "../rest/refused-error.ts";
import { snowflakeTime } from "../snowflake.ts";
import type { WebhookAddress } from "../webhook.ts";

/** A vault that was found. */
export interface FoundVault {
  readonly config: DiscordConfig;
  /** Name of its header channel. */
  readonly channelName: string;
  /** Time of its newest record, ms since the epoch. */
  readonly timeMs: number;
}

/** Where to look. */
export interface Search {
  readonly guildId: string;
  /** Webhooks whose URLs are known: lanes of the vaults, as far as they post in the server. */
  readonly webhookAddresses: readonly WebhookAddress[];
  readonly signal?: AbortSignal | undefined;
}

interface Seen {
  readonly channel: Channel;
  readonly messages: readonly Message[];
}

/**
 * Looks at the newest messages of every text channel of a server that the bot may read.
 * @throws StoreError when the server cannot be looked at
 */
export async function findVaults(
  client: DiscordClient,
  search: Search,
): Promise<readonly FoundVault[]> {
  const { guildId, signal } = search;
  const channels = await client.guilds.channels(guildId, { signal });
  const seen: Seen[] = [];
  for (const channel of channels.filter(({ type }) => type === TEXT_CHANNEL)) {
    seen.push({ channel, messages: await newestOf(client, channel, signal) });
  }
  const webhooks = await webhooksIn(client, search);
  return seen.flatMap((header) => vaultIn(client, search, header, { seen, webhooks }));
}

async function newestOf(
  client: DiscordClient,
  { id }: Channel,
  signal: AbortSignal | undefined,
): Promise<readonly Message[]> {
  try {
    return await client.channels.list(id, { limit: HISTORY_MAX }, { signal });
  } catch (error) {
    if (error instanceof RefusedError && error.status === 403) return [];
    throw error;
  }
}

async function webhooksIn(
  client: DiscordClient,
  { guildId, webhookAddresses, signal }: Search,
): Promise<readonly WebhookPlace[]> {
  const places: WebhookPlace[] = [];
  for (const address of webhookAddresses) {
    const facts = await client.webhooks.facts(address, { signal });
    if ((facts.guildId ?? guildId) === guildId) {
      places.push({ id: facts.id, channel: facts.channelId });
    }
  }
  return places;
}

/** The vault whose header channel this is, if it is one: nobody but its writers puts records there. */
function vaultIn(
  client: DiscordClient,
  { guildId }: Search,
  { channel, messages }: Seen,
  {
    seen,
    webhooks,
  }: { readonly seen: readonly Seen[]; readonly webhooks: readonly WebhookPlace[] },
): readonly FoundVault[] {
  const records = messages.filter(
    ({ content, webhookId }) => webhookId === undefined && isRecord(content),
  );
  const [newest] = records;
  if (newest === undefined) return [];
  const ownId = client.parts.token.userId;
  const hasOwn = records.some(({ authorId }) => authorId === ownId);
  const others = new Set(records.map(({ authorId }) => authorId).filter((id) => id !== ownId));
  const label = dataLabel(channel.id);
  const isData = ({ channel: { id }, messages: some }: Seen): boolean =>
    id !== channel.id &&
    some.some(({ content, webhookId }) => content === label && webhookId === undefined);
  const config: DiscordConfig = {
    guild: guildId,
    headerChannel: channel.id,
    dataChannels: seen.filter(isData).map((one) => one.channel.id),
    webhooks: webhooks.filter(({ channel: id }) => id !== channel.id),
    writers: hasOwn ? [] : [...others],
  };
  return [{ config, channelName: channel.name, timeMs: snowflakeTime(newest.id) }];
}
