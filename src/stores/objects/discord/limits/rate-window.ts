/**
 * One rate limit as seen from outside: so many requests in a window that opens when the server counts the first.
 *
 * Nothing is known of a limit at first; headers, a preset, or a refusal teach it. When the server counts a request (at
 * its first byte or its last) is never known, so:
 *
 * 1. While nothing is known, one request goes alone.
 * 2. A request counts from when it is sent, and until the window it was sent in has closed.
 * 3. One still unanswered when a window closes counts in the next window as well.
 * 4. A window without headers is taken to open with its first answer, the latest moment it can have.
 *
 * @module
 */
import type { Allowance } from "../settings.ts";
import type { ShownBucket } from "./rate-headers.ts";

/** Requests at once where answers show no limit. */
const UNSHOWN_WIDTH = 4;

/** Reset times this close together belong to one window, ms. */
const SAME_WINDOW_MS = 250;

/** Length of a window that was never seen to close, ms. */
const USUAL_WINDOW_MS = 5000;

/** A limit: told beforehand, or learned. */
export class RateWindow {
  readonly #marginMs: number;
  readonly #preset: Allowance | undefined;
  #limit: number | undefined;
  #windowMs: number;
  #hasAnswered = false;
  #used = 0;
  #inFlight = 0;
  /** Requests the server let through since the window opened, and when that was. */
  #accepted = 0;
  #openedAt = 0;
  #resetAt = Number.POSITIVE_INFINITY;
  #blockedUntil = 0;

  constructor(marginMs: number, preset?: Allowance) {
    this.#marginMs = marginMs;
    this.#preset = preset;
    this.#limit = preset?.limit;
    this.#windowMs = preset?.windowMs ?? USUAL_WINDOW_MS;
  }

  /** Time until a request may start, ms; infinite when that depends on one in flight. */
  delay(now: number): number {
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    if (now >= this.#resetAt) this.#roll(now);
    if (this.#limit === undefined) {
      const width = this.#hasAnswered ? UNSHOWN_WIDTH : 1;
      return this.#inFlight < width ? 0 : Number.POSITIVE_INFINITY;
    }
    return this.#used < this.#limit ? 0 : this.#resetAt - now;
  }

  /** Counts a request that starts now. */
  take(now: number): void {
    if (this.#used === 0) this.#openedAt = now;
    this.#used += 1;
    this.#inFlight += 1;
  }

  /** A request was not sent after all. */
  giveBack(): void {
    this.#used = Math.max(0, this.#used - 1);
    this.#inFlight -= 1;
  }

  /** A request was let through. */
  accepted(now: number, shown: ShownBucket | undefined): void {
    this.#inFlight -= 1;
    this.#accepted += 1;
    this.#hasAnswered = true;
    if (shown) this.observe(now, shown);
    else this.#openAt(now);
  }

  /** A request was not let through, or nobody knows: refused by another limit, failed, or never answered. */
  lost(now: number, shown: ShownBucket | undefined): void {
    this.#inFlight -= 1;
    if (shown) this.observe(now, shown);
    else this.#openAt(now);
  }

  /** A request was refused with 429 by this very limit. Without headers, what was let through before teaches the limit. */
  refused(now: number, waitMs: number, shown: ShownBucket | undefined): void {
    this.#inFlight -= 1;
    this.#hasAnswered = true;
    if (shown) this.observe(now, shown);
    else this.#learn(now, waitMs);
    this.block(now, waitMs);
    this.#used = Math.max(this.#used, this.#limit ?? 0);
    this.#resetAt = Math.max(
      this.#blockedUntil,
      Number.isFinite(this.#resetAt) ? this.#resetAt : 0,
    );
  }

  /** Lets nothing start for a while. */
  block(now: number, waitMs: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs + this.#marginMs);
  }

  /** Takes over what headers show. An answer to an earlier window's request changes nothing. */
  observe(now: number, { limit, remaining, resetAfterMs }: ShownBucket): void {
    const resetAt = now + resetAfterMs + this.#marginMs;
    const used = limit - remaining;
    const isOpen = Number.isFinite(this.#resetAt);
    if (isOpen && resetAt < this.#resetAt - SAME_WINDOW_MS) return;
    const isNewer = isOpen && resetAt > this.#resetAt + SAME_WINDOW_MS;
    if (isNewer) this.#used = used + this.#inFlight;
    this.#limit = limit;
    this.#windowMs = Math.max(resetAfterMs, this.#windowMs);
    this.#used = Math.max(this.#used, used);
    this.#resetAt = isOpen ? Math.max(this.#resetAt, resetAt) : resetAt;
  }

  /** Opens a window that no header dates. */
  #openAt(now: number): void {
    if (Number.isFinite(this.#resetAt) || this.#limit === undefined) return;
    this.#resetAt = now + this.#windowMs + this.#marginMs;
  }

  #learn(now: number, waitMs: number): void {
    if (this.#accepted === 0) return;
    const most = this.#preset?.limit ?? Number.POSITIVE_INFINITY;
    this.#limit = Math.min(most, this.#accepted);
    this.#windowMs = waitMs + Math.max(0, now - this.#openedAt);
  }

  /** A preset that had to be lowered comes back step by step. */
  #roll(now: number): void {
    if (this.#preset && this.#limit !== undefined) {
      this.#limit = Math.min(this.#preset.limit, this.#limit + 1);
    }
    this.#used = this.#inFlight;
    this.#accepted = 0;
    this.#openedAt = now;
    this.#resetAt = Number.POSITIVE_INFINITY;
  }
}
