/**
 * The Discord emulator in a process of its own, which outlives everything that is killed.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { DiscordConfig } from "../../src/stores/objects/discord/discord-config.ts";
import type { FaultRule } from "../emulator/faults/fault.ts";
import type { Counters } from "../emulator/log/counters.ts";
import type { Message } from "../emulator/model/message.ts";
import type { Webhook } from "../emulator/model/webhook.ts";
import type { Settings } from "../emulator/settings.ts";
import { untraced } from "../support/untraced.ts";

/** Everything there is, past the API. */
interface World {
  readonly guilds: readonly { readonly id: string }[];
  readonly accounts: readonly { readonly token?: string }[];
  readonly channels: readonly { readonly id: string }[];
  readonly webhooks: readonly Webhook[];
  readonly messages: readonly Message[];
}

/** What the emulator has counted since it was started. */
export type CountersOfAll = Counters & {
  /** Requests that did not wait for a Retry-After. */
  readonly earlyRetries: number;
  /** Errors of the emulator itself. */
  readonly failures: number;
};

export class EmulatedDiscord {
  readonly apiUrl: string;
  readonly #process: ChildProcess;
  readonly #adminUrl: string;

  private constructor(child: ChildProcess, apiUrl: string, adminUrl: string) {
    this.#process = child;
    this.apiUrl = apiUrl;
    this.#adminUrl = adminUrl;
  }

  /**
   * Starts one with a header channel, two channels for data, and a webhook in a fourth.
   * @param script - `scripts/discord` of this checkout
   * @param directory - where it keeps everything
   */
  static async start(script: string, directory: string, seed: string): Promise<EmulatedDiscord> {
    const args = ["--port", "0", "--channels", "4", "--dir", directory, "--seed", seed];
    const child = spawn(...untraced(script, args), { stdio: ["ignore", "pipe", "inherit"] });
    const [text] = (await once(child.stdout, "data")) as [Buffer];
    const [api, , admin] = String(text).match(/http:[^\s,;]+/g) ?? [];
    if (api === undefined || admin === undefined) throw new Error(`no URLs in ${text}`);
    const discord = new EmulatedDiscord(child, api, admin);
    await discord.#makeWebhook();
    return discord;
  }

  async #makeWebhook(): Promise<void> {
    const { channels } = await this.world();
    const answer = await fetch(`${this.apiUrl}/v10/channels/${channels.at(-1)?.id}/webhooks`, {
      method: "POST",
      body: JSON.stringify({ name: "lane" }),
      headers: {
        "content-type": "application/json",
        "user-agent": "DiscordBot (soak, 1)",
        authorization: `Bot ${await this.token()}`,
      },
    });
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** The bot's token. */
  async token(): Promise<string> {
    const { accounts } = await this.world();
    return accounts.find(({ token }) => token !== undefined)?.token ?? "";
  }

  /** Where a vault can be. */
  async config(): Promise<DiscordConfig> {
    const { guilds, channels, webhooks } = await this.world();
    const [headerChannel = "", ...dataChannels] = channels.map(({ id }) => id);
    return {
      guild: guilds[0]?.id ?? "",
      headerChannel,
      dataChannels: dataChannels.slice(0, -1),
      webhooks: webhooks.map(({ id, channelId }) => ({ id, channel: channelId })),
      writers: [],
    };
  }

  world(): Promise<World> {
    return this.#ask("GET", "world") as Promise<World>;
  }

  counters(): Promise<CountersOfAll> {
    return this.#ask("GET", "counters") as Promise<CountersOfAll>;
  }

  /** @returns what takes the rule away again */
  async addFault(rule: FaultRule): Promise<() => Promise<void>> {
    const { id } = (await this.#ask("POST", "faults", rule)) as { id: number };
    return async () => {
      await this.#ask("DELETE", `faults/${id}`);
    };
  }

  async clearFaults(): Promise<void> {
    await this.#ask("DELETE", "faults");
  }

  async set(settings: Partial<Settings>): Promise<void> {
    await this.#ask("PATCH", "settings", settings);
  }

  async #ask(method: string, what: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#adminUrl}/${what}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${what}: ${await answer.text()}`);
    return answer.json();
  }

  stop(): void {
    this.#process.kill();
  }
}
