/**
 * Messages of a webhook, for whoever has its token.
 *
 * @module
 */
import { emptyReply, jsonReply } from "../../http/reply.ts";
import { CHANNEL_TYPE, type Channel } from "../../model/channel.ts";
import type { Message } from "../../model/message.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { readBody } from "../body.ts";
import { type Call, callingWebhook, type Route } from "../call.ts";
import { editMessage } from "../edit-message.ts";
import { decodeMessageForm } from "../message-form.ts";
import { messageIn } from "../permit.ts";
import { postMessage } from "../post-message.ts";
import { isReadable } from "../read-lag.ts";
import { messageView } from "../views/message-view.ts";
import { deletionRate, editOldMessages } from "./message-routes.ts";

const MESSAGE_PATH = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}";

/** Posting as a webhook, and reading, editing and deleting what it posted. */
export const WEBHOOK_MESSAGE_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/webhooks/{webhook_id}/{webhook_token}",
    access: "webhook",
    rate: "executeWebhook",
    hidden: (call) => [{ rate: "webhooksOfChannel", subject: callingWebhook(call).channelId }],
    handle: async (call) => {
      const { id, name } = callingWebhook(call);
      const channel = channelToPostIn(call);
      const form = decodeMessageForm(await readBody(call.request));
      const author = { kind: "webhook", id, name: form.username ?? name } as const;
      const withoutNonce = { ...form, nonce: undefined, enforcesNonce: false };
      const message = await postMessage(call.discord, { channel, author, form: withoutNonce });
      const isWaitedFor = call.query.get("wait") === "true";
      return isWaitedFor ? jsonReply(200, messageView(call.discord, message)) : emptyReply();
    },
  },
  {
    method: "GET",
    path: MESSAGE_PATH,
    access: "webhook",
    rate: "read",
    handle: (call) => {
      const message = ownMessage(call);
      if (!isReadable(call.discord, message)) throw new ApiError("unknownMessage");
      return jsonReply(200, messageView(call.discord, message));
    },
  },
  {
    method: "PATCH",
    path: MESSAGE_PATH,
    access: "webhook",
    rate: "executeWebhook",
    hidden: editOldMessages,
    handle: async (call) => {
      const message = ownMessage(call);
      const form = decodeMessageForm(await readBody(call.request));
      const channel = channelOf(call);
      const edited = await editMessage(call.discord, { channel, message, form });
      return jsonReply(200, messageView(call.discord, edited));
    },
  },
  {
    method: "DELETE",
    path: MESSAGE_PATH,
    access: "webhook",
    rate: deletionRate,
    handle: async (call) => {
      const { world, settings, log } = call.discord;
      await world.deleteMessage(ownMessage(call), settings.cdnCacheMs);
      log.counters.messagesDeleted += 1;
      return emptyReply();
    },
  },
];

function ownMessage(call: Call): Message {
  const message = messageIn(call, channelOf(call).id);
  if (message.author.id !== callingWebhook(call).id) throw new ApiError("unknownMessage");
  return message;
}

/** The webhook's channel, or the thread of it that the query names. */
function channelOf(call: Call): Channel {
  const { world } = call.discord;
  const { channelId } = callingWebhook(call);
  const threadId = call.query.get("thread_id");
  const channel = world.channels.get(threadId ?? channelId);
  const isFitting = threadId === null || channel?.parentId === channelId;
  if (channel && isFitting) return channel;
  throw new ApiError("unknownChannel");
}

function channelToPostIn(call: Call): Channel {
  const channel = channelOf(call);
  if (channel.type === CHANNEL_TYPE.forum) throw new ApiError("forumNeedsThread");
  if (channel.thread?.isLocked) {
    throw fieldError("thread_id", "THREAD_LOCKED", "The thread is locked.");
  }
  return channel;
}
