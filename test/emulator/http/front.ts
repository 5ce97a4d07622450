/**
 * The way of a request through the emulator: latency, faults, body, the site, faults again, and the answer.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Discord } from "../discord.ts";
import type { Effect } from "../faults/effect.ts";
import { effectOf } from "../faults/effects.ts";
import type { FaultInjector } from "../faults/fault-injector.ts";
import type { LogEntry } from "../log/request-log.ts";
import { Connections } from "./connection.ts";
import { type Delivery, deliver, PLAIN_DELIVERY } from "./deliver.ts";
import type { HttpRequest } from "./http-request.ts";
import { readBody, readHalf } from "./read-body.ts";
import { htmlReply, jsonReply, type Reply, withHeaders } from "./reply.ts";
import type { Site } from "./site.ts";

/** What a front works with. */
export interface FrontOptions {
  readonly site: Site;
  readonly discord: Discord;
  readonly faults: FaultInjector;
  /** Ends what is being waited for when the emulator closes. */
  readonly signal: AbortSignal;
}

/** Stands between a server and its site. */
export class Front {
  readonly #options: FrontOptions;
  readonly #connections: Connections;

  constructor(options: FrontOptions) {
    this.#options = options;
    const { settings } = options.discord;
    this.#connections = new Connections(() => settings.bytesPerSecond, options.signal);
  }

  /** Handles one request, to whatever end; never rejects. */
  async handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { site, discord, faults } = this.#options;
    const { socket } = message;
    const url = urlOf(message);
    const route = site.routeOf(message.method ?? "", url.pathname);
    const struck = faults.draw({ site: site.name, route });
    const entry: LogEntry = {
      site: site.name,
      route,
      path: url.pathname,
      range: message.headers.range,
      arrivedAt: discord.clock.now(),
      faults: struck.map(({ kind }) => kind),
      status: undefined,
      bytesReceived: 0,
      bytesSent: 0,
      tookMs: 0,
    };
    const startedAt = performance.now();
    discord.log.begin(entry);
    try {
      await this.#pass(message, response, { url, entry, effects: struck.map(effectOf) });
    } catch (error) {
      // A connection that breaks is the client's affair, or a fault's, or is cut by closing; anything else is a bug.
      const isCut = socket.destroyed || this.#options.signal.aborted;
      if (!isCut) discord.log.fail(error);
      response.destroy();
    }
    entry.tookMs = performance.now() - startedAt;
    discord.log.end(entry);
  }

  async #pass(message: IncomingMessage, response: ServerResponse, passage: Passage): Promise<void> {
    const { signal, discord, site } = this.#options;
    const { url, entry, effects } = passage;
    const { latencyMs } = discord.settings;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal });
    if (await tear(message, effects)) return;
    const request = await this.#receive(message, url);
    entry.bytesReceived = request.bodySize;
    const reply = await this.#answer(request, effects);
    site.note(request, reply);
    entry.status = reply.status;
    const delivery: Delivery = Object.assign({}, PLAIN_DELIVERY, ...effects.map((e) => e.delivery));
    const dated = withHeaders(reply, { date: new Date(discord.clock.now()).toUTCString() });
    const pace = this.#connections.of(message.socket).download;
    entry.bytesSent = await deliver(response, dated, delivery, { pace, signal });
  }

  async #receive(message: IncomingMessage, url: URL): Promise<HttpRequest> {
    const { requestBytes } = this.#options.discord.settings;
    const pace = this.#connections.of(message.socket).upload;
    const { bytes, size } = await readBody(message, requestBytes, pace);
    return {
      method: message.method ?? "",
      url,
      headers: message.headers,
      remoteAddress: message.socket.remoteAddress ?? "",
      body: bytes,
      bodySize: size,
    };
  }

  async #answer(request: HttpRequest, effects: readonly Effect[]): Promise<Reply> {
    const { site, discord } = this.#options;
    if (request.bodySize > discord.settings.edgeBytes) {
      return htmlReply(413, "413 Request Entity Too Large");
    }
    for (const { event } of effects) await event?.(request, discord);
    const barred = site.bar(request);
    if (barred) return barred;
    for (const { instead } of effects) {
      const reply = instead?.(request);
      if (reply) return reply;
    }
    const rewritten = effects.reduce((one, { rewrite }) => rewrite?.(one) ?? one, request);
    let reply = await this.#serve(rewritten);
    for (const { alter } of effects) reply = (await alter?.(reply, request, discord)) ?? reply;
    return reply;
  }

  async #serve(request: HttpRequest): Promise<Reply> {
    const { site, discord } = this.#options;
    try {
      return await site.serve(request);
    } catch (error) {
      discord.log.fail(error);
      return jsonReply(500, { message: "500: Internal Server Error", code: 0 });
    }
  }
}

/** Resets the connection when a fault wants it; says whether one did. */
async function tear(message: IncomingMessage, effects: readonly Effect[]): Promise<boolean> {
  const tears = effects.find((effect) => effect.tears)?.tears;
  if (!tears) return false;
  if (tears === "upload") await readHalf(message);
  message.socket.resetAndDestroy();
  return true;
}

/** The host means nothing here; what does not begin with a slash (`OPTIONS *`) is no path. */
function urlOf({ url = "" }: IncomingMessage): URL {
  return new URL(`http://emulator${url.startsWith("/") ? url : "/"}`);
}

interface Passage {
  readonly url: URL;
  readonly entry: LogEntry;
  readonly effects: readonly Effect[];
}
