/**
 * Finds what a path names, for a bot that may have it.
 *
 * @module
 */
import type { Channel } from "../model/channel.ts";
import type { Guild } from "../model/guild.ts";
import type { Message } from "../model/message.ts";
import {
  channelPermissions,
  guildPermissions,
  PERMISSION,
  type PermissionName,
} from "../model/permission.ts";
import type { Webhook } from "../model/webhook.ts";
import { ApiError } from "./api-error.ts";
import { type Call, callingBot, param } from "./call.ts";

/**
 * The guild in the path.
 * @throws ApiError unknownGuild when the bot is not in it, missingPermissions
 */
export function permittedGuild(call: Call, ...needed: readonly PermissionName[]): Guild {
  const bot = callingBot(call);
  const guild = call.discord.world.guilds.get(param(call, "guild_id"));
  if (!guild || !bot.memberships.some(({ guildId }) => guildId === guild.id)) {
    throw new ApiError("unknownGuild");
  }
  demand(guildPermissions(bot, guild), needed);
  return guild;
}

/**
 * The channel in the path.
 * @throws ApiError unknownChannel, missingAccess when the bot cannot see it, missingPermissions
 */
export function permittedChannel(call: Call, ...needed: readonly PermissionName[]): Channel {
  const channel = call.discord.world.channels.get(param(call, "channel_id"));
  if (!channel) throw new ApiError("unknownChannel");
  const permissions = permissionsIn(call, channel);
  if (!(permissions & PERMISSION.viewChannel)) throw new ApiError("missingAccess");
  demand(permissions, needed);
  return channel;
}

/**
 * The message in the path, in a channel that was found already.
 * @throws ApiError unknownMessage
 */
export function messageIn(call: Call, channelId: string): Message {
  const message = call.discord.world.messages.get(channelId, param(call, "message_id"));
  if (!message) throw new ApiError("unknownMessage");
  return message;
}

/**
 * The webhook in the path of a bot's route.
 * @throws ApiError unknownWebhook, missingPermissions
 */
export function permittedWebhook(call: Call): Webhook {
  const { world } = call.discord;
  const webhook = world.webhooks.get(param(call, "webhook_id"));
  const channel = webhook && world.channels.get(webhook.channelId);
  if (!webhook || !channel) throw new ApiError("unknownWebhook");
  demand(permissionsIn(call, channel), ["manageWebhooks"]);
  return webhook;
}

/** What the calling bot may do in a channel; a thread has the permissions of the channel it was started in. */
export function permissionsIn(call: Call, channel: Channel): bigint {
  const { world } = call.discord;
  const guild = world.guilds.get(channel.guildId);
  const parent = channel.thread ? world.channels.get(channel.parentId ?? "") : undefined;
  return guild ? channelPermissions(callingBot(call), guild, parent ?? channel) : 0n;
}

function demand(permissions: bigint, needed: readonly PermissionName[]): void {
  if (needed.some((name) => !(permissions & PERMISSION[name]))) {
    throw new ApiError("missingPermissions");
  }
}
