/**
 * A place for a vault at an emulated Discord, on fast time, and stores opened on it.
 *
 * @module
 */
import type { Test } from "tap";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import type { DiscordConfig } from "../../src/stores/objects/discord/discord-config.ts";
import {
  DiscordObjectStore,
  type DiscordStoreOptions,
} from "../../src/stores/objects/discord/discord-object-store.ts";
import { serviceOf } from "../../src/stores/objects/discord/discord-service.ts";
import { BotToken } from "../../src/stores/objects/discord/rest/bot-token.ts";
import {
  DEFAULT_SETTINGS,
  type DiscordSettings,
} from "../../src/stores/objects/discord/settings.ts";
import { WebhookAddress } from "../../src/stores/objects/discord/webhook.ts";
import { EmulatorClock } from "../emulator/base/clock.ts";
import { addWebhook } from "../emulator/founding.ts";
import type { Webhook } from "../emulator/model/webhook.ts";
import { FastTiming } from "./fast-timing.ts";
import { type TestEmulator, type TestEmulatorOptions, testEmulator } from "./test-emulator.ts";

const MINUTE_MS = 60_000;

/** How a place differs from one with a header channel and one data channel. */
export interface PlaceOptions extends TestEmulatorOptions {
  /** Channels the bot posts data in. */
  readonly dataChannels?: number;
  /** Webhooks, each in a channel of its own. */
  readonly webhooks?: number;
  /** Times real time. */
  readonly speed?: number;
  /** Time, when it is not to run. */
  readonly timing?: FastTiming;
}

/** The emulator, and where the vault is in it. */
export interface DiscordPlace extends TestEmulator {
  readonly timing: FastTiming;
  readonly config: DiscordConfig;
  readonly laneWebhooks: readonly Webhook[];
  /** Opens a store that ends with the test. A loaded machine is no silent peer, so patience is long unless told. */
  open(
    settings?: Partial<DiscordSettings>,
    options?: Partial<DiscordStoreOptions>,
  ): DiscordObjectStore;
}

/** Starts an emulator with a place for one vault. */
export async function discordPlace(t: Test, options: PlaceOptions = {}): Promise<DiscordPlace> {
  const { dataChannels = 1, webhooks = 0, speed = 50, ...others } = options;
  const { timing = new FastTiming(speed), ...emulatorOptions } = others;
  const world = await testEmulator(t, {
    ...emulatorOptions,
    channels: 1 + dataChannels + webhooks,
    clock: new EmulatorClock(() => timing.trueTime()),
  });
  const { discord } = world.emulator;
  const [header, ...lanes] = world.channels.map(({ id }) => id);
  const laneWebhooks = world.channels
    .slice(1 + dataChannels)
    .map((channel) => addWebhook(discord, channel, world.bot));
  const config: DiscordConfig = {
    guild: world.guild.id,
    headerChannel: header as string,
    dataChannels: lanes.slice(0, dataChannels),
    webhooks: laneWebhooks.map(({ id, channelId }) => ({ id, channel: channelId })),
    writers: [],
  };
  const stores: DiscordObjectStore[] = [];
  t.teardown(() => Promise.all(stores.map((store) => store.close())));
  const open: DiscordPlace["open"] = (settings = {}, more = {}) => {
    const patienceMs = 30 * MINUTE_MS;
    const patience = { silenceMs: patienceMs, answerMs: patienceMs, partAnswerMs: patienceMs };
    const store = new DiscordObjectStore({
      service: serviceOf({ DVAULT_DISCORD_API: world.emulator.apiUrl }),
      token: BotToken.parse(world.bot.token),
      timing,
      random: nodePlatform.random,
      settings: { ...DEFAULT_SETTINGS, ...patience, ...settings },
      config,
      webhookAddresses: laneWebhooks.map(({ id, token }) => new WebhookAddress(id, token)),
      ...more,
    });
    stores.push(store);
    return store;
  };
  return { ...world, timing, config, laneWebhooks, open };
}
