/**
 * Puts guilds, bots, channels and webhooks into an emulated Discord, past its API.
 *
 * @module
 */
import type { Discord } from "./discord.ts";
import type { Account } from "./model/account.ts";
import { CHANNEL_TYPE, type Channel } from "./model/channel.ts";
import type { Guild, PremiumTier } from "./model/guild.ts";
import { ALL_PERMISSIONS, type PermissionName, permissionBits } from "./model/permission.ts";
import type { Webhook } from "./model/webhook.ts";

/** How a bot differs from one that may do everything and reads all content. */
export interface BotTraits {
  readonly username?: string;
  /** All but `administrator` by default. */
  readonly permissions?: readonly PermissionName[];
  /** Whether the Message Content intent is on; it is not by default. */
  readonly readsContent?: boolean;
}

/** A bot whose token is good. */
export type BotAccount = Account & { readonly token: string };

/** Adds a guild in which nobody may do anything yet. */
export function addGuild(
  { world, ids }: Discord,
  { name = "Vaults", premiumTier = 0 }: { name?: string; premiumTier?: PremiumTier } = {},
): Guild {
  const id = ids.next();
  const everyone = { id, name: "@everyone", permissions: "0", isManaged: false };
  return world.guilds.put({ id, name, ownerId: ids.next(), premiumTier, roles: [everyone] });
}

/** Adds a bot to a guild, with a role of its own that carries its permissions. */
export function addBot(
  { world, ids, random }: Discord,
  guild: Guild,
  traits: BotTraits = {},
): BotAccount {
  const { username = "dvault", permissions, readsContent = false } = traits;
  const bits = permissions ? permissionBits(permissions) : ALL_PERMISSIONS;
  const role = { id: ids.next(), name: username, permissions: bits.toString(), isManaged: true };
  const current = world.guilds.get(guild.id) ?? guild;
  world.guilds.put({ ...current, roles: [...current.roles, role] });
  const id = ids.next();
  const token = [Buffer.from(id).toString("base64url"), random.token(6), random.token(38)].join(
    ".",
  );
  const memberships = [{ guildId: guild.id, roleIds: [role.id] }];
  return world.accounts.put({ id, username, token, readsContent, memberships }) as BotAccount;
}

/** Adds a text channel, or one of another type. */
export function addChannel(
  { world, ids }: Discord,
  guild: Guild,
  { name = "vault", type = CHANNEL_TYPE.text }: { name?: string; type?: number } = {},
): Channel {
  const position = world.channels.where(({ guildId }) => guildId === guild.id).length;
  const place = { guildId: guild.id, position, parentId: null };
  return world.channels.put({ id: ids.next(), type, name, topic: null, overwrites: [], ...place });
}

/** Takes permissions from a bot in one channel. */
export function denyInChannel(
  { world }: Discord,
  channel: Channel,
  bot: Account,
  permissions: readonly PermissionName[],
): Channel {
  const deny = permissionBits(permissions).toString();
  const overwrite = { id: bot.id, type: 1, allow: "0", deny } as const;
  const others = channel.overwrites.filter(({ id }) => id !== bot.id);
  return world.channels.put({ ...channel, overwrites: [...others, overwrite] });
}

/** Adds a webhook as if a bot had made it. */
export function addWebhook(
  { world, ids, random }: Discord,
  channel: Channel,
  bot: Account,
): Webhook {
  const { id: channelId, guildId } = channel;
  const token = random.token(68);
  return world.webhooks.put({
    id: ids.next(),
    guildId,
    channelId,
    name: "lane",
    token,
    creatorId: bot.id,
  });
}

/** What a bot needs to begin: a guild, itself, and channels. */
export interface Furniture {
  readonly guild: Guild;
  readonly bot: BotAccount;
  readonly channels: readonly Channel[];
}

/** Makes an empty world ready to use; finds what there is in one that is not empty. */
export function furnish(
  discord: Discord,
  { channels: count = 1, ...traits }: BotTraits & { readonly channels?: number } = {},
): Furniture {
  const { world } = discord;
  const guild = world.guilds.values()[0] ?? addGuild(discord);
  const bot = world.accounts.values().find(hasToken) ?? addBot(discord, guild, traits);
  const there = world.channels.where(({ type }) => type === CHANNEL_TYPE.text);
  for (let number = there.length + 1; number <= count; number++) {
    there.push(addChannel(discord, guild, { name: `vault-${number}` }));
  }
  return { guild, bot, channels: there };
}

function hasToken(account: Account): account is BotAccount {
  return account.token !== undefined;
}
