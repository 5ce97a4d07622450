/**
 * Everything that talks to Discord on behalf of one bot, put together: what a store, the set-up and `dvault doctor` share.
 *
 * @module
 */
import { setMaxListeners } from "node:events";
import { createRequire } from "node:module";
import type { StoreError } from "../../../core/base/errors.ts";
import type { Random } from "../../../core/base/platform.ts";
import { type CallParts, ChannelApi } from "./api/channel-api.ts";
import { GuildApi } from "./api/guild-api.ts";
import { WebhookApi } from "./api/webhook-api.ts";
import type { DiscordService } from "./discord-service.ts";
import { Wire } from "./http/wire.ts";
import { Breaker } from "./limits/breaker.ts";
import { RateLimiter } from "./limits/rate-limiter.ts";
import { Cdn } from "./read/cdn.ts";
import type { BotToken } from "./rest/bot-token.ts";
import { Rest } from "./rest/rest.ts";
import { ServerClock } from "./rest/server-clock.ts";
import type { DiscordSettings } from "./settings.ts";
import type { SteadyTiming } from "./steady-timing.ts";

/** What a client is made of. */
export interface ClientParts {
  readonly service: DiscordService;
  readonly token: BotToken;
  readonly timing: SteadyTiming;
  readonly random: Random;
  readonly settings: DiscordSettings;
}

/** A bot's connection to Discord. */
export class DiscordClient {
  readonly parts: ClientParts;
  readonly clock: ServerClock;
  readonly limiter: RateLimiter;
  readonly rest: Rest;
  readonly channels: ChannelApi;
  readonly webhooks: WebhookApi;
  readonly guilds: GuildApi;
  readonly cdn: Cdn;
  readonly #breaker: Breaker;
  readonly #closing = new AbortController();
  readonly #wires: readonly Wire[];

  constructor(parts: ClientParts) {
    this.parts = parts;
    const { service, token, timing, random, settings } = parts;
    setMaxListeners(0, this.#closing.signal);
    this.clock = new ServerClock(timing);
    this.limiter = new RateLimiter({ timing, random, settings });
    const onStop = (reason: StoreError): void => this.limiter.rejectAll(reason);
    this.#breaker = new Breaker(timing, settings.refusalsMax, onStop);
    const apiWire = new Wire(timing, settings, settings.connections.api);
    const cdnWire = new Wire(timing, settings, settings.connections.cdn);
    this.#wires = [apiWire, cdnWire];
    this.rest = new Rest({
      ...parts,
      base: service.api,
      token,
      wire: apiWire,
      limiter: this.limiter,
      breaker: this.#breaker,
      clock: this.clock,
      userAgent: USER_AGENT,
    });
    const calls: CallParts = { rest: this.rest, clock: this.clock, settings };
    this.channels = new ChannelApi(calls);
    this.webhooks = new WebhookApi(calls);
    this.guilds = new GuildApi(this.rest);
    const isTrusted = (url: URL): boolean => service.isCdn(url);
    this.cdn = new Cdn({ wire: cdnWire, timing, random, settings, isTrusted });
  }

  /** Aborted when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Why nothing is sent any more, in words; undefined while all is well. */
  get stopped(): string | undefined {
    return this.#breaker.stopped;
  }

  /** Ends what is under way and cuts all connections. @param reason - what calls under way are rejected with */
  async close(reason: StoreError): Promise<void> {
    this.#closing.abort(reason);
    this.limiter.rejectAll(reason);
    await Promise.all(this.#wires.map((wire) => wire.close(reason)));
  }
}

/** Discord documentation, reference, "User Agent". */
const USER_AGENT = `DiscordBot (dvault, ${version()})`;

function version(): string {
  const require = createRequire(import.meta.url);
  return (require("../../../../package.json") as { version: string }).version;
}
