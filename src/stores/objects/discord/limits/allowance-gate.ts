/**
 * A limit that is known without being shown: so many requests in any stretch of time as long as its window. A request
 * counts from when it is sent until a whole window after its answer, so it does not matter when the server's window opens.
 *
 * @module
 */
import type { Allowance } from "../settings.ts";
import type { RateGate } from "./rate-gate.ts";

/** A known limit; lowered when it is refused all the same, and raised again step by step. */
export class AllowanceGate implements RateGate {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #marginMs: number;
  #limit: number;
  #inFlight: number;
  /** When requests were answered, oldest first; those of the last window. */
  #answered: number[] = [];
  #blockedUntil = 0;
  #raisedAt = 0;

  /** @param inFlight - requests under way that count already */
  constructor({ limit, windowMs }: Allowance, marginMs: number, inFlight = 0) {
    this.#most = limit;
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#marginMs = marginMs;
    this.#inFlight = inFlight;
  }

  delay(now: number): number {
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    this.#forgetOld(now);
    const tooMany = this.#inFlight + this.#answered.length - this.#limit;
    if (tooMany < 0) return 0;
    const last = this.#answered[tooMany];
    return last === undefined ? Number.POSITIVE_INFINITY : last + this.#spanMs - now;
  }

  take(): void {
    this.#inFlight += 1;
  }

  giveBack(): void {
    this.#inFlight -= 1;
  }

  ended(now: number): void {
    this.#inFlight -= 1;
    this.#answered.push(now);
    if (this.#limit < this.#most && now >= this.#raisedAt + this.#windowMs) {
      this.#limit += 1;
      this.#raisedAt = now;
    }
  }

  refused(now: number, waitMs: number): void {
    this.#inFlight -= 1;
    this.#forgetOld(now);
    this.#limit = Math.max(1, Math.min(this.#limit, this.#answered.length));
    this.#raisedAt = now + waitMs;
    this.#blockedUntil = Math.max(this.#blockedUntil, now + waitMs + this.#marginMs);
  }

  observe(): void {
    // No header shows this limit.
  }

  get #spanMs(): number {
    return this.#windowMs + this.#marginMs;
  }

  #forgetOld(now: number): void {
    const since = now - this.#spanMs;
    const kept = this.#answered.findIndex((at) => at > since);
    this.#answered = kept < 0 ? [] : this.#answered.slice(kept);
  }
}
