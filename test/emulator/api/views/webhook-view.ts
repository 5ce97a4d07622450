/**
 * How the API shows webhooks.
 *
 * @module
 */
import type { Account } from "../../model/account.ts";
import type { Webhook } from "../../model/webhook.ts";
import { userView } from "./user-view.ts";

const INCOMING = 1;

/**
 * How the API shows webhooks.
 *
 * @param creator - shown to bots, not to whoever has only the webhook's token
 */
export function webhookView(webhook: Webhook, creator?: Account): Record<string, unknown> {
  return {
    id: webhook.id,
    type: INCOMING,
    guild_id: webhook.guildId,
    channel_id: webhook.channelId,
    name: webhook.name,
    avatar: null,
    token: webhook.token,
    application_id: webhook.creatorId,
    ...(creator ? { user: userView(creator) } : {}),
  };
}
