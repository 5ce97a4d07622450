/**
 * Guilds and the channels in them.
 *
 * @module
 */
import { jsonReply } from "../../http/reply.ts";
import { CHANNEL_TYPE, type Channel } from "../../model/channel.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { readJson } from "../body.ts";
import type { Call, Route } from "../call.ts";
import type { FormFields } from "../form-fields.ts";
import { permittedGuild } from "../permit.ts";
import { channelView } from "../views/channel-view.ts";
import { guildView } from "../views/guild-view.ts";

const MAX_PER_GUILD = 500;
const MAX_PER_CATEGORY = 50;
const TYPES: readonly number[] = [CHANNEL_TYPE.text, CHANNEL_TYPE.category, CHANNEL_TYPE.forum];

/** Routes below `/guilds/{guild_id}` other than webhooks. */
export const GUILD_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/guilds/{guild_id}",
    access: "bot",
    rate: "other",
    handle: (call) => jsonReply(200, guildView(permittedGuild(call))),
  },
  {
    method: "GET",
    path: "/guilds/{guild_id}/channels",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const now = call.discord.clock.now();
      const channels = channelsOf(call, permittedGuild(call).id);
      return jsonReply(
        200,
        channels.map((channel) => channelView(channel, now)),
      );
    },
  },
  {
    method: "POST",
    path: "/guilds/{guild_id}/channels",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const { world, ids, clock } = call.discord;
      const guild = permittedGuild(call, "manageChannels");
      const siblings = channelsOf(call, guild.id);
      if (siblings.length >= MAX_PER_GUILD) throw new ApiError("tooManyChannels");
      const fields = readJson(call.request);
      const channel = world.channels.put({
        id: ids.next(),
        guildId: guild.id,
        type: decodeType(fields),
        name: fields.requiredString("name", { min: 1, max: 100 }),
        topic: fields.string("topic", { max: 1024 }) ?? null,
        position: siblings.length,
        parentId: decodeCategory(fields, siblings),
        overwrites: [],
      });
      return jsonReply(201, channelView(channel, clock.now()));
    },
  },
];

/** Threads do not count among a guild's channels. */
function channelsOf({ discord: { world } }: Call, id: string): Channel[] {
  return world.channels.where(({ guildId, thread }) => guildId === id && !thread);
}

function decodeType(fields: FormFields): number {
  const type = fields.integer("type") ?? CHANNEL_TYPE.text;
  if (TYPES.includes(type)) return type;
  const message = `Value must be one of {${TYPES.join(", ")}}.`;
  throw fieldError("type", "BASE_TYPE_CHOICES", message);
}

function decodeCategory(fields: FormFields, siblings: readonly Channel[]): string | null {
  const parentId = fields.snowflake("parent_id");
  if (parentId === undefined) return null;
  const parent = siblings.find(({ id }) => id === parentId);
  if (parent?.type !== CHANNEL_TYPE.category) {
    throw fieldError("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist");
  }
  if (siblings.filter((one) => one.parentId === parentId).length >= MAX_PER_CATEGORY) {
    const message = "Maximum number of channels in category reached (50)";
    throw fieldError("parent_id", "CHANNEL_PARENT_MAX_CHANNELS", message);
  }
  return parentId;
}
