/**
 * Starting threads.
 *
 * @module
 */
import { jsonReply } from "../../http/reply.ts";
import { CHANNEL_TYPE, isArchived } from "../../model/channel.ts";
import { ApiError } from "../api-error.ts";
import { readJson } from "../body.ts";
import { callingBot, type Route } from "../call.ts";
import { permittedChannel } from "../permit.ts";
import { decodeArchiveMinutes } from "../thread-form.ts";
import { channelView } from "../views/channel-view.ts";

const MAX_ACTIVE = 1000;

/** Starts a public thread that hangs on no message. */
export const START_THREAD_ROUTE: Route = {
  method: "POST",
  path: "/channels/{channel_id}/threads",
  access: "bot",
  rate: "other",
  handle: (call) => {
    const { world, ids, clock } = call.discord;
    const { id, guildId, type } = permittedChannel(call, "createPublicThreads");
    if (type !== CHANNEL_TYPE.text) throw new ApiError("notText");
    const now = clock.now();
    const active = world.channels.where((channel) => {
      return (
        channel.guildId === guildId && channel.thread !== undefined && !isArchived(channel, now)
      );
    });
    if (active.length >= MAX_ACTIVE) throw new ApiError("tooManyThreads");
    const fields = readJson(call.request);
    const thread = world.channels.put({
      id: ids.next(),
      guildId,
      type: CHANNEL_TYPE.publicThread,
      name: fields.requiredString("name", { min: 1, max: 100 }),
      topic: null,
      position: 0,
      parentId: id,
      overwrites: [],
      thread: {
        ownerId: callingBot(call).id,
        isArchived: false,
        isLocked: false,
        autoArchiveMinutes: decodeArchiveMinutes(fields),
        activeAt: now,
      },
    });
    return jsonReply(201, channelView(thread, now));
  },
};
