/**
 * Counts requests that should not have been made (401, 403 and 429), and bans an address that makes too many of them.
 *
 * @module
 */
import type { EmulatorClock } from "../base/clock.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { Settings } from "../settings.ts";

const WINDOW_MS = 600_000;
const INVALID = new Set([401, 403, 429]);
const BLOCKED =
  "You are being blocked from accessing our API temporarily due to exceeding our rate limits frequently. " +
  "Please read our docs at https://discord.com/developers/docs/topics/rate-limits to prevent this moving forward.";

/** Invalid requests and bans by address. */
export class InvalidRequests {
  readonly #clock: EmulatorClock;
  readonly #settings: Settings;
  readonly #windows = new Map<string, { count: number; readonly endsAt: number }>();
  readonly #bannedUntil = new Map<string, number>();

  constructor(clock: EmulatorClock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Invalid requests of an address in its current window of ten minutes. */
  count(address: string): number {
    const window = this.#windows.get(address);
    return window && window.endsAt > this.#clock.now() ? window.count : 0;
  }

  /** Counts an answer; a 429 whose scope is `shared` is not held against the client. */
  note(address: string, { status, headers }: Reply): void {
    if (!INVALID.has(status) || headers["x-ratelimit-scope"] === "shared") return;
    const count = this.count(address) + 1;
    const now = this.#clock.now();
    const endsAt = count === 1 ? now + WINDOW_MS : this.#windows.get(address)?.endsAt;
    this.#windows.set(address, { count, endsAt: endsAt ?? now });
    if (count > this.#settings.invalidRequestLimit) this.ban(address);
  }

  ban(address: string): void {
    this.#bannedUntil.set(address, this.#clock.now() + this.#settings.banMs);
  }

  isBanned(address: string): boolean {
    return (this.#bannedUntil.get(address) ?? 0) > this.#clock.now();
  }

  /** What a banned address hears from the edge: no Retry-After, no X-RateLimit header. */
  banReply(): Reply {
    if (this.#settings.banAnswer === "json") return jsonReply(429, { code: 0, message: BLOCKED });
    const headers = { "content-type": "text/html" };
    return { status: 429, headers, body: Buffer.from("error code: 1015") };
  }

  /** Forgets all counts and bans. */
  reset(): void {
    this.#windows.clear();
    this.#bannedUntil.clear();
  }
}
