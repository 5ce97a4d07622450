/**
 * Puts together what the parts of the emulator share.
 *
 * @module
 */
import { EmulatorClock } from "./base/clock.ts";
import { SeededRandom } from "./base/random.ts";
import { SnowflakeSource } from "./base/snowflake.ts";
import { UrlSigner } from "./cdn/url-signer.ts";
import type { Discord } from "./discord.ts";
import { InvalidRequests } from "./limits/invalid-requests.ts";
import { RateLimiter } from "./limits/rate-limiter.ts";
import { RequestLog } from "./log/request-log.ts";
import { NonceWindow } from "./model/nonce-window.ts";
import { World } from "./model/world.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import { MemoryBlobs } from "./storage/blobs.ts";
import { DirectoryBlobs } from "./storage/directory-blobs.ts";
import { DirectoryRecords } from "./storage/directory-records.ts";
import { FORGETFUL_RECORDS } from "./storage/records.ts";

/** How an emulated Discord differs from the standard one. */
export interface DiscordOptions {
  /** Makes tokens, signatures and the dice of faults repeatable. */
  readonly seed?: string;
  readonly clock?: EmulatorClock;
  readonly settings?: Partial<Settings>;
  /** Where to keep everything; in memory when left out. */
  readonly directory?: string;
}

/**
 * Puts an emulated Discord together, with what an earlier one left in the directory.
 *
 * @param cdnOrigin - what URLs of attachments begin with
 * @throws Error when the directory cannot be used
 */
export function openDiscord(options: DiscordOptions, cdnOrigin: () => string): Discord {
  const { seed = "dvault", clock = new EmulatorClock(), directory } = options;
  const settings = { ...defaultSettings(), ...options.settings };
  const blobs = directory === undefined ? new MemoryBlobs() : new DirectoryBlobs(directory);
  const records = directory === undefined ? FORGETFUL_RECORDS : new DirectoryRecords(directory);
  const world = new World(records, blobs, clock);
  const newest = world.newestId();
  const ids = new SnowflakeSource(clock);
  if (newest !== undefined) ids.skipPast(newest);
  return {
    clock,
    random: new SeededRandom(`${seed}/${newest ?? "new"}`),
    ids,
    settings,
    world,
    blobs,
    urls: new UrlSigner({
      secret: `${seed}/urls`,
      clock,
      lifetimeMs: () => settings.urlLifetimeMs,
      origin: cdnOrigin,
    }),
    nonces: new NonceWindow(clock, () => settings.nonceWindowMs),
    rates: new RateLimiter(clock, settings),
    invalidRequests: new InvalidRequests(clock, settings),
    log: new RequestLog(),
  };
}
