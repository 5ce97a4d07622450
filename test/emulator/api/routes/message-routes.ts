/**
 * Messages of a channel, for bots.
 *
 * @module
 */
import { snowflakeTime } from "../../base/snowflake.ts";
import { emptyReply, jsonReply } from "../../http/reply.ts";
import type { HiddenUse } from "../../limits/rate-limiter.ts";
import type { RateName } from "../../limits/rates.ts";
import { CHANNEL_TYPE, type Channel } from "../../model/channel.ts";
import type { Message } from "../../model/message.ts";
import { PERMISSION, type PermissionName } from "../../model/permission.ts";
import { ApiError } from "../api-error.ts";
import { readBody } from "../body.ts";
import { type Call, callingBot, param, type Route } from "../call.ts";
import { editMessage } from "../edit-message.ts";
import { decodeHistoryQuery } from "../history-query.ts";
import { decodeMessageForm, type MessageForm } from "../message-form.ts";
import { messageIn, permissionsIn, permittedChannel } from "../permit.ts";
import { postMessage } from "../post-message.ts";
import { isReadable } from "../read-lag.ts";
import { messageView } from "../views/message-view.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Routes below `/channels/{channel_id}/messages` other than pins and bulk deletion. */
export const MESSAGE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/channels/{channel_id}/messages",
    access: "bot",
    rate: "read",
    handle: (call) => {
      const channel = permittedChannel(call);
      const query = decodeHistoryQuery(call.query);
      if (!(permissionsIn(call, channel) & PERMISSION.readMessageHistory))
        return jsonReply(200, []);
      const { discord } = call;
      const messages = discord.world.messages.list(channel.id, query);
      const readable = messages.filter((message) => isReadable(discord, message));
      return jsonReply(
        200,
        readable.map((message) => messageView(discord, message, callingBot(call))),
      );
    },
  },
  {
    method: "GET",
    path: "/channels/{channel_id}/messages/{message_id}",
    access: "bot",
    rate: "read",
    handle: (call) => {
      const channel = permittedChannel(call, "readMessageHistory");
      const message = messageIn(call, channel.id);
      if (!isReadable(call.discord, message)) throw new ApiError("unknownMessage");
      return jsonReply(200, messageView(call.discord, message, callingBot(call)));
    },
  },
  {
    method: "POST",
    path: "/channels/{channel_id}/messages",
    access: "bot",
    rate: "postMessage",
    handle: async (call) => {
      const form = decodeMessageForm(await readBody(call.request));
      const channel = channelToPostIn(call, form);
      const author = { kind: "account", id: callingBot(call).id } as const;
      const message = await postMessage(call.discord, { channel, author, form });
      const nonce = form.nonce === undefined ? {} : { nonce: form.nonce };
      return jsonReply(200, { ...messageView(call.discord, message), ...nonce });
    },
  },
  {
    method: "PATCH",
    path: "/channels/{channel_id}/messages/{message_id}",
    access: "bot",
    rate: "postMessage",
    hidden: editOldMessages,
    handle: async (call) => {
      const channel = permittedChannel(call);
      const message = messageIn(call, channel.id);
      if (!isOwn(call, message)) throw new ApiError("foreignAuthor");
      const form = decodeMessageForm(await readBody(call.request));
      const edited = await editMessage(call.discord, { channel, message, form });
      return jsonReply(200, messageView(call.discord, edited));
    },
  },
  {
    method: "DELETE",
    path: "/channels/{channel_id}/messages/{message_id}",
    access: "bot",
    rate: deletionRate,
    handle: async (call) => {
      const { world, settings, log } = call.discord;
      const channel = permittedChannel(call);
      const message = messageIn(call, channel.id);
      if (!isOwn(call, message)) permittedChannel(call, "manageMessages");
      await world.deleteMessage(message, settings.cdnCacheMs);
      log.counters.messagesDeleted += 1;
      return emptyReply();
    },
  },
];

/** Deletion is limited by the age of what is deleted. */
export function deletionRate(call: Call): RateName {
  const ageMs = messageAge(call);
  if (ageMs > 14 * DAY_MS) return "deleteOld";
  return ageMs > 10 * SECOND_MS ? "deleteRecent" : "deleteFresh";
}

/** The limit that edits of messages older than an hour fall under. */
export function editOldMessages(call: Call): HiddenUse[] {
  const subject = call.webhook?.channelId ?? call.params.channel_id ?? "";
  return messageAge(call) > HOUR_MS ? [{ rate: "editOldMessages", subject }] : [];
}

function messageAge(call: Call): number {
  return call.discord.clock.now() - snowflakeTime(param(call, "message_id"));
}

function isOwn(call: Call, { author }: Message): boolean {
  return author.kind === "account" && author.id === callingBot(call).id;
}

function channelToPostIn(call: Call, form: MessageForm): Channel {
  const files: PermissionName[] = form.files.length > 0 ? ["attachFiles"] : [];
  const seen = permittedChannel(call);
  const send = seen.thread ? "sendMessagesInThreads" : "sendMessages";
  const channel = permittedChannel(call, send, ...files);
  if (channel.type !== CHANNEL_TYPE.text && !channel.thread) throw new ApiError("notText");
  return channel;
}
