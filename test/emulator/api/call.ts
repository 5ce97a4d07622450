/**
 * A request to the API with all that was found out about it before its handler is called, and what a route is.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { Reply } from "../http/reply.ts";
import type { HiddenUse } from "../limits/rate-limiter.ts";
import type { RateName } from "../limits/rates.ts";
import type { Account } from "../model/account.ts";
import type { Webhook } from "../model/webhook.ts";

/** A request on its way to a handler. */
export interface Call {
  readonly discord: Discord;
  readonly request: HttpRequest;
  /** Values of the `{names}` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The bot whose token came with the request. */
  readonly bot: Account | undefined;
  /** The webhook whose id and token are in the path. */
  readonly webhook: Webhook | undefined;
}

/** An operation of the API. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v10`, with `{names}` as in Discord's OpenAPI description. */
  readonly path: string;
  /** Who may call: anyone, a bot with its token, or whoever has a webhook's token. */
  readonly access: "open" | "bot" | "webhook";
  /** The limit in the headers; depends on the call for deletions. */
  readonly rate: RateName | ((call: Call) => RateName);
  /** Limits that are not in the headers. */
  readonly hidden?: (call: Call) => HiddenUse[];
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/** A part of the path that the route is sure to have. */
export function param({ params }: Call, name: string): string {
  const value = params[name];
  if (value === undefined) throw new Error(`the route has no {${name}}`);
  return value;
}

/** The bot of a call to a route with access `bot`. */
export function callingBot({ bot }: Call): Account {
  if (!bot) throw new Error("the route is open to others than bots");
  return bot;
}

/** The webhook of a call to a route with access `webhook`. */
export function callingWebhook({ webhook }: Call): Webhook {
  if (!webhook) throw new Error("the route has no webhook");
  return webhook;
}
