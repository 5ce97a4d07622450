/**
 * What an answer's headers say about its rate limit (Discord documentation, topics/rate-limits). Every one of them may
 * be missing.
 *
 * @module
 */
import type { Headers } from "../http/wire.ts";

/** State of a bucket as the server shows it. */
export interface ShownBucket {
  /** The same for every channel, guild or webhook; with one of these it names a bucket. */
  readonly hash: string;
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  /** The same time on the server's clock, which names the window: milliseconds since 1970, undefined when not shown. */
  readonly resetsAtMs: number | undefined;
}

/** Whose limit a 429 is about. */
export type LimitScope = "user" | "global" | "shared";

/** The bucket an answer shows; undefined when it shows none. */
export function readBucket(headers: Headers): ShownBucket | undefined {
  const hash = headers.get("x-ratelimit-bucket");
  const limit = numberOf(headers, "x-ratelimit-limit");
  const remaining = numberOf(headers, "x-ratelimit-remaining");
  const resetAfter = numberOf(headers, "x-ratelimit-reset-after");
  if (hash === undefined || limit === undefined || limit < 1) return undefined;
  if (remaining === undefined || resetAfter === undefined) return undefined;
  const resetsAt = numberOf(headers, "x-ratelimit-reset");
  const resetsAtMs = resetsAt === undefined ? undefined : resetsAt * 1000;
  return { hash, limit, remaining, resetAfterMs: resetAfter * 1000, resetsAtMs };
}

/** The scope a 429 names. */
export function readScope(headers: Headers): LimitScope | undefined {
  if (headers.get("x-ratelimit-global") !== undefined) return "global";
  const scope = headers.get("x-ratelimit-scope");
  return scope === "user" || scope === "global" || scope === "shared" ? scope : undefined;
}

/** Retry-After in milliseconds: seconds, or never a date at Discord. */
export function readRetryAfter(headers: Headers): number | undefined {
  const seconds = numberOf(headers, "retry-after");
  return seconds === undefined ? undefined : seconds * 1000;
}

function numberOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
