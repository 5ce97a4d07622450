/**
 * Everything about the emulated Discord that can be set, at the start or while it runs. All values are plain JSON, so
 * that the admin port can read and change them. The defaults are what Discord was last seen to do.
 *
 * @module
 */
import { DEFAULT_RATES, type Rate, type RateName } from "./limits/rates.ts";

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** See {@link defaultSettings} for the values. */
export interface Settings {
  /** Largest attachment by the guild's boost tier, in bytes. */
  attachmentBytes: readonly [number, number, number, number];
  /** Largest request body the API takes, in bytes. */
  requestBytes: number;
  /** Largest request body that gets past the edge (which answers with HTML), in bytes. */
  edgeBytes: number;
  /** From a URL's `is` to its `ex`. */
  urlLifetimeMs: number;
  /** How long the CDN goes on serving what was deleted. */
  cdnCacheMs: number;
  /** For how long the same author and nonce mean the same message. */
  nonceWindowMs: number;
  /** How long a new message cannot be read yet. */
  readLagMs: number;
  /** Whether the undocumented `POST /attachments/refresh-urls` exists. */
  hasRefreshUrls: boolean;
  /** What the CDN makes of a Range header. */
  ranges: "honoured" | "ignored";
  /** Whether the CDN refuses this network. */
  cdnAccess: "open" | "blocked";
  /** Whether the bot routes ask for a `User-Agent: DiscordBot (...)`. */
  requiresUserAgent: boolean;

  /** Whether any rate limit applies; the ban for invalid requests does in any case. */
  limitsRates: boolean;
  rates: Readonly<Record<RateName, Rate>>;
  /** Whether answers carry X-RateLimit headers, and whether those and Retry-After tell the truth. */
  rateLimitHeaders: "exact" | "absent" | "misleading";
  /** Answers of 401, 403 and 429 within ten minutes, after which an address is banned. */
  invalidRequestLimit: number;
  banMs: number;
  banAnswer: "text" | "json";

  /** Real time from a request's arrival to its handling, for benchmarks. */
  latencyMs: number;
  /** Bytes a second that one connection takes and gives; 0 is as fast as it goes. */
  bytesPerSecond: number;
}

/** Settings of an emulator that was told nothing else. */
export function defaultSettings(): Settings {
  return {
    attachmentBytes: [10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB],
    requestBytes: 25 * MIB,
    edgeBytes: 500 * MIB,
    urlLifetimeMs: 24 * HOUR_MS,
    cdnCacheMs: 0,
    nonceWindowMs: 5 * MINUTE_MS,
    readLagMs: 0,
    hasRefreshUrls: true,
    ranges: "honoured",
    cdnAccess: "open",
    requiresUserAgent: true,
    limitsRates: true,
    rates: DEFAULT_RATES,
    rateLimitHeaders: "exact",
    invalidRequestLimit: 10_000,
    banMs: 24 * HOUR_MS,
    banAnswer: "text",
    latencyMs: 0,
    bytesPerSecond: 0,
  };
}
