/**
 * The limit of a route. Nothing is known of it at first; headers show it, or else a refusal teaches it.
 *
 * 1. While nothing is known, one request goes at a time.
 * 2. A request counts in the window it was sent in; one still unanswered when that closes counts in the next as well,
 *    until its answer shows the window that closed.
 * 3. A window is taken to close as late as any answer to its requests allows, given what is known of the server's clock.
 *
 * @module
 */
import { AllowanceGate } from "./allowance-gate.ts";
import type { RateGate } from "./rate-gate.ts";
import type { ShownBucket } from "./rate-headers.ts";
import type { ServerClock } from "./server-clock.ts";

/** Length of a window of which no answer told anything, ms. */
const USUAL_WINDOW_MS = 5000;

/** A route's limit. */
export class BucketGate implements RateGate {
  readonly #marginMs: number;
  readonly #server: ServerClock;
  /** Shown by headers; undefined until then. */
  #limit: number | undefined;
  #windowMs = USUAL_WINDOW_MS;
  #inFlight = 0;
  /** Requests from here that count in the window, or may. */
  #own = 0;
  /** What headers showed of the window to be used, and requests sent in it. */
  #shown = 0;
  /** When the window closes: on the server's clock, as answers show it, and on ours, of those that do not. */
  #resetsAt: number | undefined;
  #closesBy = Number.NEGATIVE_INFINITY;
  /** When the window before it closed, on the server's clock. */
  #hasReset = Number.NEGATIVE_INFINITY;
  #blockedUntil = 0;
  /** Learned from a refusal without headers. */
  #learned: AllowanceGate | undefined;
  /** Requests let through since the last refusal, and when the first of them was sent. */
  #letThrough = 0;
  #begunAt = 0;

  /** @param server - has learned from every answer that is shown to the gate */
  constructor(marginMs: number, server: ServerClock) {
    this.#marginMs = marginMs;
    this.#server = server;
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
    this.#own += 1;
    this.#shown += 1;
    this.#inFlight += 1;
    this.#learned?.take();
  }

  giveBack(): void {
    this.#own = Math.max(0, this.#own - 1);
    this.#shown = Math.max(0, this.#shown - 1);
    this.#inFlight -= 1;
    this.#learned?.giveBack();
  }

  ended(now: number, shown: ShownBucket | undefined, wasLetThrough: boolean): void {
    this.#inFlight -= 1;
    if (wasLetThrough) this.#letThrough += 1;
    this.#learned?.ended(now);
    if (shown) this.observe(now, shown);
    else if (this.#limit !== undefined) this.#closeBy(now + this.#windowMs);
    if (shown && this.#isOfClosedWindow(shown)) this.#own = Math.max(0, this.#own - 1);
  }

  refused(now: number, waitMs: number, shown: ShownBucket | undefined): void {
    this.#inFlight -= 1;
    if (shown) this.observe(now, shown);
    else this.#learn(now, waitMs);
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs + this.#marginMs);
    if (this.#limit !== undefined) {
      this.#shown = Math.max(this.#shown, this.#limit);
      this.#closeBy(now + waitMs);
    }
    this.#letThrough = 0;
  }

  observe(now: number, shown: ShownBucket): void {
    const { limit, remaining, resetAfterMs, resetsAtMs } = shown;
    this.#learned = undefined;
    this.#limit = limit;
    this.#windowMs = Math.max(resetAfterMs, this.#windowMs);
    if (this.#isOfClosedWindow(shown)) return;
    this.#shown = Math.max(this.#shown, limit - remaining);
    if (resetsAtMs === undefined) this.#closeBy(now + resetAfterMs);
    else this.#resetsAt = Math.max(this.#resetsAt ?? resetsAtMs, resetsAtMs);
  }

  /** Requests of the window, at most. */
  get #used(): number {
    return Math.max(this.#own, this.#shown);
  }

  /** Infinite while no answer told. */
  get #closesAt(): number {
    const told = [this.#closesBy];
    if (this.#resetsAt !== undefined) told.push(this.#server.latest(this.#resetsAt));
    const closesAt = Math.max(...told) + this.#marginMs;
    return closesAt === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : closesAt;
  }

  #isOfClosedWindow({ resetsAtMs }: ShownBucket): boolean {
    return resetsAtMs !== undefined && resetsAtMs <= this.#hasReset + this.#marginMs;
  }

  /** What was let through before a refusal, in the time until it is over, is taken for the limit. */
  #learn(now: number, waitMs: number): void {
    if (this.#learned) this.#learned.refused(now, waitMs);
    else if (this.#limit === undefined && this.#letThrough > 0) {
      const allowance = { limit: this.#letThrough, windowMs: waitMs + now - this.#begunAt };
      this.#learned = new AllowanceGate(allowance, this.#marginMs, this.#inFlight);
    }
  }

  /** What is still under way may count in the window that opens, too. */
  #open(): void {
    this.#own = this.#inFlight;
    this.#shown = 0;
    this.#hasReset = this.#resetsAt ?? this.#hasReset;
    this.#resetsAt = undefined;
    this.#closesBy = Number.NEGATIVE_INFINITY;
  }

  #closeBy(time: number): void {
    this.#closesBy = Math.max(this.#closesBy, time);
  }
}
