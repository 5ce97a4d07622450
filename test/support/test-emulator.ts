/**
 * The Discord emulator for tests: with a guild, a bot and channels, on a clock that stands until it is moved, and held
 * to Discord's published API description from the first request to the last.
 *
 * @module
 */
import type { Test } from "tap";
import { EmulatorClock } from "../emulator/base/clock.ts";
import { DiscordEmulator, type EmulatorOptions } from "../emulator/emulator.ts";
import { type BotTraits, type Furniture, furnish } from "../emulator/founding.ts";
import type { Channel } from "../emulator/model/channel.ts";
import { Contract } from "../emulator/openapi/contract.ts";
import { PublishedApi } from "../emulator/openapi/published-api.ts";

/** Noon of 2026-01-01. */
const NOON = Date.UTC(2026, 0, 1, 12);

/** One for all, since its schemas take a second to compile. */
const published = new PublishedApi();

/** What a test works with. */
export interface TestEmulator extends Furniture {
  readonly emulator: DiscordEmulator;
  /** The first of the channels. */
  readonly channel: Channel;
  readonly contract: Contract;
}

/** How the emulator and its bot differ from the ordinary ones. */
export interface TestEmulatorOptions extends EmulatorOptions {
  readonly bot?: BotTraits;
  readonly channels?: number;
}

/** Starts an emulator that ends with the test, which fails when either side broke the published API. */
export async function testEmulator(
  t: Test,
  { bot, channels = 1, ...options }: TestEmulatorOptions = {},
): Promise<TestEmulator> {
  const contract = new Contract(published);
  const emulator = await DiscordEmulator.start({
    clock: new EmulatorClock(() => NOON),
    observe: contract.observe,
    ...options,
  });
  t.teardown(async () => {
    await emulator.close();
    const wrong = [...contract.take(), ...emulator.discord.log.failures()];
    if (wrong.length > 0) throw new Error(`against the published API:\n${wrong.join("\n")}`);
  });
  const furniture = furnish(emulator.discord, { ...bot, channels });
  const [channel] = furniture.channels;
  if (!channel) throw new Error("an emulator for tests has at least one channel");
  return { emulator, contract, channel, ...furniture };
}
