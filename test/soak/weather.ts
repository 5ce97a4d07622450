/**
 * Lets an emulated Discord be as it is on its worst days: faults all the time, storms of 429 now and then, URLs that
 * expire within minutes, messages that cannot be read at once, and a size limit that is lowered twice.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { EmulatedDiscord } from "./emulated-discord.ts";
import { type FaultPlan, faultRules, STORM } from "./fault-plan.ts";

/** How bad it gets, and how long. */
export interface Weather extends FaultPlan {
  readonly durationMs: number;
}

const MIB = 2 ** 20;

/** Largest attachment in each part of the time, MiB. */
const LIMITS: readonly number[] = [10, 5, 2];

const URL_LIFETIME_MS = 90_000;
const READ_LAG_MS = 300;

/** Part of the time that passes from storm to storm, and how much of that is storm. */
const STORM_EVERY = 0.12;
const STORM_SHARE = 0.1;

/**
 * Begins bad weather.
 * @returns what ends it at once
 */
export async function badWeather(
  discord: EmulatedDiscord,
  weather: Weather,
): Promise<() => Promise<void>> {
  const ending = new AbortController();
  await discord.set({ urlLifetimeMs: URL_LIFETIME_MS, readLagMs: READ_LAG_MS });
  for (const rule of faultRules(weather)) await discord.addFault(rule);
  const { durationMs } = weather;
  const running = [lowerLimits(discord, durationMs, ending.signal)];
  running.push(storms(discord, durationMs * STORM_EVERY, ending.signal));
  return async () => {
    ending.abort();
    await Promise.all(running);
    await discord.clearFaults();
    await discord.set({ readLagMs: 0 });
  };
}

async function lowerLimits(
  discord: EmulatedDiscord,
  durationMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (const mib of LIMITS) {
    const bytes = mib * MIB;
    await discord.set({ attachmentBytes: [bytes, bytes, bytes, bytes] });
    if (!(await passes(durationMs / LIMITS.length, signal))) return;
  }
}

async function storms(
  discord: EmulatedDiscord,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (await passes(everyMs * (1 - STORM_SHARE), signal)) {
    const calm = await discord.addFault(STORM);
    await passes(everyMs * STORM_SHARE, signal);
    await calm();
  }
}

/** Lets time pass. @returns false when it was cut short */
function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
