/**
 * What the parts of the emulator share.
 *
 * @module
 */
import type { EmulatorClock } from "./base/clock.ts";
import type { SeededRandom } from "./base/random.ts";
import type { SnowflakeSource } from "./base/snowflake.ts";
import type { UrlSigner } from "./cdn/url-signer.ts";
import type { InvalidRequests } from "./limits/invalid-requests.ts";
import type { RateLimiter } from "./limits/rate-limiter.ts";
import type { RequestLog } from "./log/request-log.ts";
import type { NonceWindow } from "./model/nonce-window.ts";
import type { World } from "./model/world.ts";
import type { Settings } from "./settings.ts";
import type { Blobs } from "./storage/blobs.ts";

/** All that one emulated Discord consists of, apart from the servers that speak for it. */
export interface Discord {
  readonly clock: EmulatorClock;
  readonly random: SeededRandom;
  readonly ids: SnowflakeSource;
  readonly settings: Settings;
  readonly world: World;
  readonly blobs: Blobs;
  readonly urls: UrlSigner;
  readonly nonces: NonceWindow;
  readonly rates: RateLimiter;
  readonly invalidRequests: InvalidRequests;
  readonly log: RequestLog;
}
