/**
 * The Discord emulator in a process of its own, as far away as it is told to be.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DiscordConfig } from "../../src/stores/objects/discord/discord-config.ts";
import { WebhookAddress } from "../../src/stores/objects/discord/webhook.ts";

/** How far away it is. */
export interface Link {
  /** Before each request is handled. */
  readonly latencyMs: number;
  /** Of each connection, in each direction. */
  readonly megabitsPerSecond: number;
  /** Whether Discord's rate limits are in force. */
  readonly isLimited: boolean;
  /** Times their usual length that windows for posts last: for machines that are too busy to keep up with them. */
  readonly windows: number;
}

/** What the emulator counted. */
export interface Counters {
  readonly apiRequests: number;
  readonly cdnRequests: number;
  readonly uploads: number;
  readonly bytesUploaded: number;
  readonly bytesDownloaded: number;
  readonly rateLimited: number;
  readonly failures: number;
}

/** A place for a vault. */
export interface EmulatedPlace {
  readonly config: DiscordConfig;
  readonly webhookAddresses: readonly WebhookAddress[];
}

/** Lanes a place shall have. */
export interface Lanes {
  readonly channels: number;
  readonly webhooks: number;
}

/** A limit that the headers of the emulator's answers show. */
interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

interface PostRates {
  readonly postMessage: Rate;
  readonly executeWebhook: Rate;
}

interface World {
  readonly guilds: readonly { readonly id: string }[];
  readonly accounts: readonly { readonly token?: string }[];
}

const SCRIPT = fileURLToPath(new URL("../../../../scripts/discord", import.meta.url));

export class EmulatedDiscord {
  readonly #process: ChildProcess;
  readonly apiUrl: string;
  readonly #adminUrl: string;
  readonly #world: World;

  private constructor(process: ChildProcess, urls: readonly string[], world: World) {
    this.#process = process;
    [this.apiUrl, this.#adminUrl] = urls as [string, string];
    this.#world = world;
  }

  /** @param directory - where attachments are kept */
  static async start(directory: string, link: Link): Promise<EmulatedDiscord> {
    const { latencyMs, megabitsPerSecond, isLimited } = link;
    const options = { dir: directory, port: 0, channels: 0, latency: latencyMs };
    const named = Object.entries({ ...options, bandwidth: megabitsPerSecond });
    const args = named.flatMap(([name, value]) => [`--${name}`, String(value)]);
    if (!isLimited) args.push("--no-rate-limits");
    const child = spawn(SCRIPT, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [text] = (await once(child.stdout, "data")) as [Buffer];
    const urls = String(text).match(/http:[^\s,;]+/g) ?? [];
    const [api, , admin] = urls as [string, string, string];
    const world = (await (await fetch(`${admin}/world`)).json()) as World;
    const discord = new EmulatedDiscord(child, [api, admin], world);
    await discord.#stretchWindows(link.windows);
    return discord;
  }

  get token(): string {
    return this.#world.accounts.find(({ token }) => token !== undefined)?.token ?? "";
  }

  /** Makes channels and webhooks for one vault. */
  async furnish({ channels, webhooks }: Lanes): Promise<EmulatedPlace> {
    const guild = (this.#world.guilds[0] as { id: string }).id;
    const add = async (): Promise<string> =>
      (await this.#post(`/guilds/${guild}/channels`, { name: "vault", type: 0 })).id as string;
    const headerChannel = await add();
    const dataChannels: string[] = [];
    while (dataChannels.length < channels) dataChannels.push(await add());
    const hooks: { id: string; channel: string }[] = [];
    const webhookAddresses: WebhookAddress[] = [];
    while (hooks.length < webhooks) {
      const channel = await add();
      const { id, token } = await this.#post(`/channels/${channel}/webhooks`, { name: "lane" });
      hooks.push({ id: id as string, channel });
      webhookAddresses.push(new WebhookAddress(id as string, token as string));
    }
    const config = { guild, headerChannel, dataChannels, webhooks: hooks, writers: [] };
    return { config, webhookAddresses };
  }

  async #post(path: string, body: object): Promise<Record<string, unknown>> {
    for (;;) {
      const answer = await fetch(`${this.apiUrl}/v10${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "content-type": "application/json",
          "user-agent": "DiscordBot (bench, 1)",
          authorization: `Bot ${this.token}`,
        },
      });
      if (answer.ok) return (await answer.json()) as Record<string, unknown>;
      if (answer.status !== 429) throw new Error(`${path}: ${await answer.text()}`);
      await this.#admin("DELETE", "limits");
    }
  }

  /** What was counted since the last time. */
  async count(): Promise<Counters> {
    const counters = await (await this.#admin("GET", "counters")).json();
    await this.#admin("DELETE", "counters");
    return counters as Counters;
  }

  /** Posts a second that the headers permit over lanes, all together. */
  async permittedPosts({ channels, webhooks }: Lanes): Promise<number> {
    const { postMessage, executeWebhook } = await this.#rates();
    return channels * perSecond(postMessage) + webhooks * perSecond(executeWebhook);
  }

  async #rates(): Promise<PostRates> {
    const settings = await (await this.#admin("GET", "settings")).json();
    return (settings as { readonly rates: PostRates }).rates;
  }

  async #stretchWindows(times: number): Promise<void> {
    const { postMessage, executeWebhook } = await this.#rates();
    const stretch = (rate: Rate): Rate => ({ ...rate, windowMs: rate.windowMs * times });
    const rates = { postMessage: stretch(postMessage), executeWebhook: stretch(executeWebhook) };
    const body = JSON.stringify({ rates });
    await fetch(`${this.#adminUrl}/settings`, { method: "PATCH", body });
  }

  #admin(method: string, what: string): Promise<Response> {
    const ask = (): Promise<Response> => fetch(`${this.#adminUrl}/${what}`, { method });
    // A read through the mount blocks this process for so long that kept connections have ended meanwhile.
    return ask().catch(ask);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
  }
}

function perSecond({ limit, windowMs }: Rate): number {
  return (limit * 1000) / windowMs;
}
