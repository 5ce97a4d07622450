/**
 * Single channels; threads are channels here too.
 *
 * @module
 */
import { jsonReply, type Reply } from "../../http/reply.ts";
import type { HiddenUse } from "../../limits/rate-limiter.ts";
import type { Channel } from "../../model/channel.ts";
import { readJson } from "../body.ts";
import { type Call, param, type Route } from "../call.ts";
import { permittedChannel } from "../permit.ts";
import { decodeThreadChange } from "../thread-form.ts";
import { channelView } from "../views/channel-view.ts";

const PATH = "/channels/{channel_id}";
const RENAMES = /"(?:name|topic)"\s*:/;

/** Reading, changing and deleting a channel. */
export const CHANNEL_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: PATH,
    access: "bot",
    rate: "other",
    handle: (call) => view(call, permittedChannel(call)),
  },
  {
    method: "PATCH",
    path: PATH,
    access: "bot",
    rate: "other",
    hidden: renameLimit,
    handle: (call) => {
      const channel = managedChannel(call);
      const fields = readJson(call.request);
      const name = fields.string("name", { min: 1, max: 100 }) ?? channel.name;
      const topic = fields.has("topic") ? fields.string("topic", { max: 1024 }) : channel.topic;
      const thread = decodeThreadChange(fields, channel.thread, call.discord.clock.now());
      const changed = { ...channel, name, topic: topic ?? null, ...(thread ? { thread } : {}) };
      return view(call, call.discord.world.channels.put(changed));
    },
  },
  {
    method: "DELETE",
    path: PATH,
    access: "bot",
    rate: "other",
    handle: async (call) => {
      const channel = managedChannel(call);
      await call.discord.world.deleteChannel(channel, call.discord.settings.cdnCacheMs);
      return view(call, channel);
    },
  },
];

function managedChannel(call: Call): Channel {
  const { thread } = permittedChannel(call);
  return permittedChannel(call, thread ? "manageThreads" : "manageChannels");
}

function renameLimit(call: Call): HiddenUse[] {
  const isRenamed = RENAMES.test(call.request.body.toString());
  return isRenamed ? [{ rate: "renameChannel", subject: param(call, "channel_id") }] : [];
}

function view({ discord: { clock } }: Call, channel: Channel): Reply {
  return jsonReply(200, channelView(channel, clock.now()));
}
