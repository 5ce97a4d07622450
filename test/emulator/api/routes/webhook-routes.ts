/**
 * Webhooks, for bots and for whoever has a webhook's token.
 *
 * @module
 */
import { emptyReply, jsonReply } from "../../http/reply.ts";
import type { Webhook } from "../../model/webhook.ts";
import { ApiError, fieldError } from "../api-error.ts";
import { readJson } from "../body.ts";
import { type Call, callingBot, callingWebhook, type Route } from "../call.ts";
import type { FormFields } from "../form-fields.ts";
import { permittedChannel, permittedGuild, permittedWebhook } from "../permit.ts";
import { webhookView } from "../views/webhook-view.ts";

const MAX_PER_CHANNEL = 15;
const MAX_PER_GUILD = 1000;
const TOKEN_LENGTH = 68;
const FORBIDDEN_NAME = /clyde|discord/i;

/** Making, listing, changing and deleting webhooks. */
export const WEBHOOK_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/channels/{channel_id}/webhooks",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const { world, ids, random } = call.discord;
      const channel = permittedChannel(call, "manageWebhooks");
      const ofGuild = world.webhooks.where(({ guildId }) => guildId === channel.guildId);
      const ofChannel = ofGuild.filter(({ channelId }) => channelId === channel.id);
      if (ofChannel.length >= MAX_PER_CHANNEL) throw new ApiError("tooManyWebhooks");
      if (ofGuild.length >= MAX_PER_GUILD) throw new ApiError("tooManyGuildWebhooks");
      const name = decodeName(readJson(call.request));
      if (name === undefined) throw fieldError("name", "BASE_TYPE_REQUIRED", "Required");
      const { id: creatorId } = callingBot(call);
      const place = { guildId: channel.guildId, channelId: channel.id };
      const token = random.token(TOKEN_LENGTH);
      const webhook = world.webhooks.put({ id: ids.next(), ...place, name, token, creatorId });
      return jsonReply(200, webhookView(webhook, callingBot(call)));
    },
  },
  {
    method: "GET",
    path: "/channels/{channel_id}/webhooks",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const { id } = permittedChannel(call, "manageWebhooks");
      return listReply(call, ({ channelId }) => channelId === id);
    },
  },
  {
    method: "GET",
    path: "/guilds/{guild_id}/webhooks",
    access: "bot",
    rate: "other",
    handle: (call) => {
      const { id } = permittedGuild(call, "manageWebhooks");
      return listReply(call, ({ guildId }) => guildId === id);
    },
  },
  {
    method: "GET",
    path: "/webhooks/{webhook_id}",
    access: "bot",
    rate: "other",
    handle: (call) => jsonReply(200, webhookView(permittedWebhook(call), callingBot(call))),
  },
  {
    method: "PATCH",
    path: "/webhooks/{webhook_id}",
    access: "bot",
    rate: "other",
    handle: (call) => jsonReply(200, webhookView(rename(call, permittedWebhook(call)))),
  },
  {
    method: "DELETE",
    path: "/webhooks/{webhook_id}",
    access: "bot",
    rate: "other",
    handle: (call) => {
      call.discord.world.webhooks.delete(permittedWebhook(call).id);
      return emptyReply();
    },
  },
  {
    method: "GET",
    path: "/webhooks/{webhook_id}/{webhook_token}",
    access: "webhook",
    rate: "other",
    handle: (call) => jsonReply(200, webhookView(callingWebhook(call))),
  },
  {
    method: "PATCH",
    path: "/webhooks/{webhook_id}/{webhook_token}",
    access: "webhook",
    rate: "other",
    handle: (call) => jsonReply(200, webhookView(rename(call, callingWebhook(call)))),
  },
  {
    method: "DELETE",
    path: "/webhooks/{webhook_id}/{webhook_token}",
    access: "webhook",
    rate: "other",
    handle: (call) => {
      call.discord.world.webhooks.delete(callingWebhook(call).id);
      return emptyReply();
    },
  },
];

function listReply(
  { discord: { world } }: Call,
  isListed: (webhook: Webhook) => boolean,
): ReturnType<typeof jsonReply> {
  const webhooks = world.webhooks.where(isListed);
  return jsonReply(
    200,
    webhooks.map((webhook) => webhookView(webhook, world.accounts.get(webhook.creatorId))),
  );
}

function rename(call: Call, webhook: Webhook): Webhook {
  const name = decodeName(readJson(call.request)) ?? webhook.name;
  return call.discord.world.webhooks.put({ ...webhook, name });
}

function decodeName(fields: FormFields): string | undefined {
  const name = fields.string("name", { min: 1, max: 80 });
  const forbidden = FORBIDDEN_NAME.exec(name ?? "")?.[0];
  if (forbidden === undefined) return name;
  const message = `Username cannot contain "${forbidden.toLowerCase()}"`;
  throw fieldError("name", "USERNAME_INVALID_CONTAINS", message);
}
