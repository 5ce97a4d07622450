/**
 * The limit of a route. Nothing is known of it at first; headers show it, or else a refusal teaches it.
 *
 * 1. While nothing is known, one request goes at a time.
 * 2. A request counts in the window it was sent in; one still unanswered when that closes counts in the next as well.
 * 3. A window is taken to close as late as any answer to its requests allows.
 *
 * @module
 */
import { AllowanceGate } from "./allowance-gate.ts";
import type { RateGate } from "./rate-gate.ts";
import type { ShownBucket } from "./rate-headers.ts";

/** Length of a window of which no answer told anything, ms. */
const USUAL_WINDOW_MS = 5000;

/** A route's limit. */
export class BucketGate implements RateGate {
  readonly #marginMs: number;
  /** Shown by headers; undefined until then. */
  #limit: number | undefined;
  #windowMs = USUAL_WINDOW_MS;
  #used = 0;
  #inFlight = 0;
  #closesAt = Number.POSITIVE_INFINITY;
  #blockedUntil = 0;
  /** Learned from a refusal without headers. */
  #learned: AllowanceGate | undefined;
  /** Requests let through since the last refusal, and when the first of them was sent. */
  #letThrough = 0;
  #begunAt = 0;

  constructor(marginMs: number) {
    this.#marginMs = marginMs;
  }

  delay(now: number): number {
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    if (now >= this.#closesAt) this.#open();
    if (this.#limit !== undefined) return this.#used < this.#limit ? 0 : this.#closesAt - now;
    if (this.#learned !== undefined) return this.#learned.delay(now);
    return this.#inFlight === 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  take(now: number): void {
    if (this.#letThrough === 0 && this.#inFlight === 0) this.#begunAt = now;
    this.#used += 1;
    this.#inFlight += 1;
    this.#learned?.take();
  }

  giveBack(): void {
    this.#used = Math.max(0, this.#used - 1);
    this.#inFlight -= 1;
    this.#learned?.giveBack();
  }

  ended(now: number, shown: ShownBucket | undefined, wasLetThrough: boolean): void {
    this.#inFlight -= 1;
    if (wasLetThrough) this.#letThrough += 1;
    this.#learned?.ended(now);
    if (shown) this.observe(now, shown);
    else if (this.#limit !== undefined) this.#closeBy(now + this.#windowMs);
  }

  refused(now: number, waitMs: number, shown: ShownBucket | undefined): void {
    this.#inFlight -= 1;
    if (shown) this.observe(now, shown);
    else this.#learn(now, waitMs);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs + this.#marginMs);
    if (this.#limit !== undefined) {
      this.#used = Math.max(this.#used, this.#limit);
      this.#closeBy(now + waitMs);
    }
    this.#letThrough = 0;
  }

  observe(now: number, { limit, remaining, resetAfterMs }: ShownBucket): void {
    this.#learned = undefined;
    this.#limit = limit;
    this.#windowMs = Math.max(resetAfterMs, this.#windowMs);
    this.#used = Math.max(this.#used, limit - remaining);
    this.#closeBy(now + resetAfterMs);
  }

  /** What was let through before a refusal, in the time until it is over, is taken for the limit. */
  #learn(now: number, waitMs: number): void {
    if (this.#learned) this.#learned.refused(now, waitMs);
    else if (this.#limit === undefined && this.#letThrough > 0) {
      const allowance = { limit: this.#letThrough, windowMs: waitMs + now - this.#begunAt };
      this.#learned = new AllowanceGate(allowance, this.#marginMs, this.#inFlight);
    }
  }

  /** What is still under way counts in the window that opens, too. */
  #open(): void {
    this.#used = this.#inFlight;
    this.#closesAt = Number.POSITIVE_INFINITY;
  }

  #closeBy(time: number): void {
    const latest = Number.isFinite(this.#closesAt) ? this.#closesAt : 0;
    this.#closesAt = Math.max(latest, time + this.#marginMs);
  }
}
