/**
 * An emulator of Discord's REST API and CDN, over HTTP on the loopback interface.
 *
 * @module
 */
import { setMaxListeners } from "node:events";
import { handleAdmin } from "./admin/handle-admin.ts";
import { type ApiObserver, ApiSite } from "./api/api-site.ts";
import { SeededRandom } from "./base/random.ts";
import { CdnSite } from "./cdn/cdn-site.ts";
import type { Discord } from "./discord.ts";
import { FaultInjector } from "./faults/fault-injector.ts";
import { Front } from "./http/front.ts";
import { LoopbackServer } from "./http/server.ts";
import type { Site } from "./http/site.ts";
import { type DiscordOptions, openDiscord } from "./open-discord.ts";

/** How an emulator differs from the standard one. */
export interface EmulatorOptions extends DiscordOptions {
  /** 0, any that is free, for those left out. */
  readonly ports?: { readonly api?: number; readonly cdn?: number; readonly admin?: number };
  readonly observe?: ApiObserver;
}

interface Servers {
  readonly api: LoopbackServer;
  readonly cdn: LoopbackServer;
  readonly admin: LoopbackServer;
}

/** A running emulator. */
export class DiscordEmulator {
  readonly discord: Discord;
  readonly faults: FaultInjector;
  readonly #servers: Servers;
  readonly #closing: AbortController;

  private constructor(
    discord: Discord,
    faults: FaultInjector,
    servers: Servers,
    closing: AbortController,
  ) {
    this.discord = discord;
    this.faults = faults;
    this.#servers = servers;
    this.#closing = closing;
  }

  /** @throws Error when a port is taken or the directory cannot be used */
  static async start(options: EmulatorOptions = {}): Promise<DiscordEmulator> {
    const { seed = "dvault", ports = {} } = options;
    let cdnOrigin = "";
    const discord = openDiscord(options, () => cdnOrigin);
    const faults = new FaultInjector(new SeededRandom(`${seed}/faults`));
    const closing = new AbortController();
    // Every wait of every request listens to it.
    setMaxListeners(0, closing.signal);
    const started: LoopbackServer[] = [];
    const serve = async (port: number | undefined, handle: Handle): Promise<LoopbackServer> => {
      const server = await LoopbackServer.start(port ?? 0, handle);
      started.push(server);
      return server;
    };
    const behindFront = (site: Site): Handle => {
      const front = new Front({ site, discord, faults, signal: closing.signal });
      return (message, response) => front.handle(message, response);
    };
    try {
      const api = await serve(ports.api, behindFront(new ApiSite(discord, options.observe)));
      const cdn = await serve(ports.cdn, behindFront(new CdnSite(discord)));
      const admin = await serve(ports.admin, (message, response) =>
        handleAdmin({ discord, faults }, message, response),
      );
      cdnOrigin = cdn.origin;
      return new DiscordEmulator(discord, faults, { api, cdn, admin }, closing);
    } catch (error) {
      for (const server of started) await server.close();
      throw error;
    }
  }

  /** Base of the API without a version, as `@discordjs/rest` takes it: `http://127.0.0.1:<port>/api`. */
  get apiUrl(): string {
    return `${this.#servers.api.origin}/api`;
  }

  /** Base of attachment URLs: `http://127.0.0.1:<port>`. */
  get cdnUrl(): string {
    return this.#servers.cdn.origin;
  }

  /** Base of the admin port: `http://127.0.0.1:<port>/__admin`. */
  get adminUrl(): string {
    return `${this.#servers.admin.origin}/__admin`;
  }

  /** Cuts all connections and stops. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { api, cdn, admin } = this.#servers;
    await Promise.all([api.close(), cdn.close(), admin.close()]);
  }
}

type Handle = Parameters<typeof LoopbackServer.start>[1];
