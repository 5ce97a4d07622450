/**
 * Who makes a request.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { Account } from "../model/account.ts";
import type { Webhook } from "../model/webhook.ts";
import { ApiError } from "./api-error.ts";
import type { Match } from "./router.ts";

const BOT_TOKEN = /^Bot (\S+)$/;
/** Discord documentation, reference, section User Agent. */
const USER_AGENT = /^DiscordBot \([^,]+, [^)]+\)/;

/** The one, the other or neither. */
export interface Identity {
  readonly bot: Account | undefined;
  readonly webhook: Webhook | undefined;
}

/** @throws ApiError unauthorized, userAgent, unknownWebhook, invalidWebhookToken */
export function authenticate(discord: Discord, request: HttpRequest, match: Match): Identity {
  const { access } = match.route;
  if (access === "open") return { bot: undefined, webhook: undefined };
  if (access === "webhook") return { bot: undefined, webhook: webhookOf(discord, match.params) };
  const token = BOT_TOKEN.exec(request.headers.authorization ?? "")?.[1];
  const bot = token === undefined ? undefined : discord.world.accountOf(token);
  if (!bot) throw new ApiError("unauthorized");
  if (discord.settings.requiresUserAgent && !USER_AGENT.test(request.headers["user-agent"] ?? "")) {
    throw new ApiError("userAgent");
  }
  return { bot, webhook: undefined };
}

function webhookOf({ world }: Discord, params: Match["params"]): Webhook {
  const webhook = world.webhooks.get(params.webhook_id ?? "");
  if (!webhook) throw new ApiError("unknownWebhook");
  if (webhook.token !== params.webhook_token) throw new ApiError("invalidWebhookToken");
  return webhook;
}
