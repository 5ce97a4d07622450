/**
 * Counts requests in fixed windows, as Discord does: a window opens with the first request in a bucket, and everything
 * over the limit is refused until it closes.
 *
 * A request falls into three kinds of bucket: one that the headers show, those that no header shows, and the global
 * one. It counts in all of them or, when one is full, in none.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { EmulatorClock } from "../base/clock.ts";
import type { Settings } from "../settings.ts";
import type { RateName } from "./rates.ts";

/** What a request counts towards. */
export interface RatedRequest {
  /** `METHOD /path/{template}`: requests of one route share the bucket's hash. */
  readonly route: string;
  readonly rate: RateName;
  /** The channel, guild or webhook in the path, which has the bucket to itself. */
  readonly major: string;
  readonly hidden: readonly HiddenUse[];
  /** Who makes the request: a bot's id, or an address. */
  readonly caller: string;
}

/** A limit that no header tells of. */
export interface HiddenUse {
  readonly rate: "webhooksOfChannel" | "editOldMessages" | "renameChannel";
  /** Id of what is limited. */
  readonly subject: string;
}

/** State of the bucket that headers show. */
export interface BucketState {
  readonly hash: string;
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds since 1970. */
  readonly resetsAt: number;
}

/** Whether a request may go on. */
export interface RateVerdict {
  readonly bucket: BucketState;
  /** The limit that was hit; undefined when the request may go on. */
  readonly refusedBy: RateName | undefined;
  readonly retryAfterMs: number;
}

interface Window {
  used: number;
  endsAt: number;
  refusals: number;
}

interface Use {
  readonly rate: RateName;
  readonly key: string;
}

/** Windows are swept when there are more than so many. */
const SWEEP_ABOVE = 10_000;

/** All buckets. */
export class RateLimiter {
  readonly #clock: EmulatorClock;
  readonly #settings: Settings;
  readonly #windows = new Map<string, Window>();
  #earlyRetries = 0;

  constructor(clock: EmulatorClock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Requests that were refused in a window that had refused one before: Retry-After was not waited for. */
  get earlyRetries(): number {
    return this.#earlyRetries;
  }

  /** Counts a request, or says which limit it hit. */
  take(request: RatedRequest): RateVerdict {
    const hash = bucketHash(request);
    const shown = { rate: request.rate, key: `${hash} ${request.major}` };
    const uses: Use[] = [
      { rate: "global", key: `global ${request.caller}` },
      ...request.hidden.map(({ rate, subject }) => ({ rate, key: `${rate} ${subject}` })),
      shown,
    ];
    const full = uses.find((use) => this.#isFull(use));
    if (!full) for (const { key } of uses) (this.#windows.get(key) as Window).used += 1;
    const { limit } = this.#settings.rates[shown.rate];
    const { used, endsAt: resetsAt } = this.#window(shown);
    return {
      bucket: { hash, limit, remaining: limit - used, resetsAt },
      refusedBy: full?.rate,
      retryAfterMs: full ? this.#refuse(full) : 0,
    };
  }

  /** Opens all windows anew. */
  reset(): void {
    this.#windows.clear();
  }

  #isFull(use: Use): boolean {
    return this.#window(use).used >= this.#settings.rates[use.rate].limit;
  }

  #refuse(use: Use): number {
    const window = this.#window(use);
    if (window.refusals > 0) this.#earlyRetries += 1;
    window.refusals += 1;
    return window.endsAt - this.#clock.now();
  }

  #window({ rate, key }: Use): Window {
    const now = this.#clock.now();
    const open = this.#windows.get(key);
    if (open && open.endsAt > now) return open;
    if (this.#windows.size > SWEEP_ABOVE) this.#sweep(now);
    const fresh = { used: 0, endsAt: now + this.#settings.rates[rate].windowMs, refusals: 0 };
    this.#windows.set(key, fresh);
    return fresh;
  }

  #sweep(now: number): void {
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt <= now) this.#windows.delete(key);
    }
  }
}

/** As Discord's: opaque, and the same for every channel, guild and webhook. */
function bucketHash({ route, rate }: RatedRequest): string {
  return createHash("sha256").update(`${route} ${rate}`).digest("hex").slice(0, 32);
}
