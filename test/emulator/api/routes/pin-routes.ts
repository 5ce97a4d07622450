/**
 * Pinned messages.
 *
 * @module
 */
import type { Discord } from "../../discord.ts";
import { emptyReply, jsonReply } from "../../http/reply.ts";
import { MESSAGE_TYPE, type Message } from "../../model/message.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { callingBot, type Route } from "../call.ts";
import { decodeLimit } from "../history-query.ts";
import { messageIn, permittedChannel } from "../permit.ts";
import { postNotice } from "../post-message.ts";
import { messageView, timestamp } from "../views/message-view.ts";

const MAX_PINS = 250;
const PAGE = 50;

/** Routes below `/channels/{channel_id}/messages/pins`. */
export const PIN_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/channels/{channel_id}/messages/pins",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const channel = permittedChannel(call, "readMessageHistory");
      const limit = decodeLimit(call.query, PAGE, PAGE);
      const before = decodeTime(call.query.get("before"));
      const pins = pinsOf(call.discord, channel.id).filter(({ pinnedAt }) => pinnedAt < before);
      const items = pins.slice(0, limit).map((pin) => ({
        pinned_at: timestamp(pin.pinnedAt),
        message: messageView(call.discord, pin, callingBot(call)),
      }));
      return jsonReply(200, { items, has_more: pins.length > limit });
    },
  },
  {
    method: "PUT",
    path: "/channels/{channel_id}/messages/pins/{message_id}",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const { world, clock } = call.discord;
      const { id: channelId } = permittedChannel(call, "pinMessages");
      const message = messageIn(call, channelId);
      if (message.type !== MESSAGE_TYPE.default) throw new ApiError("systemMessage");
      if (message.pinnedAt !== undefined) return emptyReply();
      if (pinsOf(call.discord, channelId).length >= MAX_PINS) throw new ApiError("tooManyPins");
      world.messages.put({ ...message, pinnedAt: clock.now() });
      const author = { kind: "account", id: callingBot(call).id } as const;
      const notice = { type: MESSAGE_TYPE.pinned, channelId, author, refersTo: message.id };
      postNotice(call.discord, notice);
      return emptyReply();
    },
  },
  {
    method: "DELETE",
    path: "/channels/{channel_id}/messages/pins/{message_id}",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const channel = permittedChannel(call, "pinMessages");
      const message = messageIn(call, channel.id);
      call.discord.world.messages.put({ ...message, pinnedAt: undefined });
      return emptyReply();
    },
  },
];

/** Newest pin first. */
function pinsOf({ world }: Discord, channelId: string): (Message & { pinnedAt: number })[] {
  return world.messages
    .ofChannel(channelId)
    .flatMap((message) =>
      message.pinnedAt === undefined ? [] : [{ ...message, pinnedAt: message.pinnedAt }],
    )
    .sort((a, b) => b.pinnedAt - a.pinnedAt);
}

function decodeTime(text: string | null): number {
  if (text === null) return Number.POSITIVE_INFINITY;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw fieldError("before", "DATE_TIME_TYPE_PARSE", `Could not parse ${text}.`);
}
