/**
 * The API: finds the route, the caller and the rate limit of a request, and lets the route's handler answer it.
 *
 * @module
 */
import type { Discord } from "../discord.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { fromOrigin, type Reply, withHeaders } from "../http/reply.ts";
import type { Site } from "../http/site.ts";
import { bucketHeaders, refusalReply } from "../limits/rate-headers.ts";
import { ApiError } from "./api-error.ts";
import { authenticate } from "./authenticate.ts";
import type { Call, Route } from "./call.ts";
import { Router } from "./router.ts";
import { ALL_ROUTES } from "./routes/all-routes.ts";

/** Hears of requests that reached a handler and what it answered, before any fault touches the answer. */
export type ApiObserver = (
  route: Route,
  request: HttpRequest,
  reply: Reply,
) => void | Promise<void>;

/** The API site. */
export class ApiSite implements Site {
  readonly name = "api";
  readonly #discord: Discord;
  readonly #observe: ApiObserver | undefined;
  readonly #router = new Router(ALL_ROUTES);

  constructor(discord: Discord, observe?: ApiObserver) {
    this.#discord = discord;
    this.#observe = observe;
  }

  routeOf(method: string, path: string): string {
    return this.#router.routeOf(method, path);
  }

  bar({ remoteAddress }: HttpRequest): Reply | undefined {
    const { invalidRequests, log } = this.#discord;
    if (!invalidRequests.isBanned(remoteAddress)) return undefined;
    log.counters.requestsWhileBanned += 1;
    return invalidRequests.banReply();
  }

  note({ remoteAddress }: HttpRequest, reply: Reply): void {
    this.#discord.invalidRequests.note(remoteAddress, reply);
  }

  async serve(request: HttpRequest): Promise<Reply> {
    return fromOrigin(await withErrors(() => this.#route(request)));
  }

  async #route(request: HttpRequest): Promise<Reply> {
    const match = this.#router.match(request.method, request.url.pathname);
    const { route, params } = match;
    const reply = await withErrors(async () => {
      const identity = authenticate(this.#discord, request, match);
      const query = request.url.searchParams;
      return await this.#limit(route, {
        discord: this.#discord,
        request,
        params,
        query,
        ...identity,
      });
    });
    await this.#observe?.(route, request, reply);
    return reply;
  }

  async #limit(route: Route, call: Call): Promise<Reply> {
    const { rates, settings, clock } = this.#discord;
    if (!settings.limitsRates) return await this.#handle(route, call);
    const verdict = rates.take({
      route: `${route.method} ${route.path}`,
      rate: typeof route.rate === "function" ? route.rate(call) : route.rate,
      major: majorOf(call),
      hidden: route.hidden?.(call) ?? [],
      caller: call.bot?.id ?? call.request.remoteAddress,
    });
    const { rateLimitHeaders: truth } = settings;
    if (verdict.refusedBy) return refusalReply(verdict, clock.now(), truth);
    const headers = bucketHeaders(verdict.bucket, clock.now(), truth);
    return withHeaders(await withErrors(() => this.#handle(route, call)), headers);
  }

  async #handle(route: Route, call: Call): Promise<Reply> {
    const isTooLarge = call.request.bodySize > this.#discord.settings.requestBytes;
    if (isTooLarge) throw new ApiError("entityTooLarge");
    return await route.handle(call);
  }
}

/** The top-level resource of a path, which has buckets of its own. */
function majorOf({ params }: Call): string {
  const {
    channel_id: channel,
    guild_id: guild,
    webhook_id: webhook,
    webhook_token: token,
  } = params;
  return channel ?? guild ?? [webhook, token].filter(Boolean).join("/");
}

async function withErrors(answer: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ApiError) return error.reply();
    throw error;
  }
}
