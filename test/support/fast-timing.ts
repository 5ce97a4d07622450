/**
 * Time that runs faster than the machine's, for what waits for minutes by design.
 *
 * @module
 */
import type { SteadyTiming } from "../../src/stores/objects/discord/steady-timing.ts";

/** Noon of 2026-01-01. */
const NOON = Date.UTC(2026, 0, 1, 12);

/** A clock and timers at so many times the speed. */
export class FastTiming implements SteadyTiming {
  readonly #speed: number;
  readonly #startedAt = performance.now();
  #aheadMs = 0;
  /** By how much the wall clock is ahead of the true time, ms. */
  skewMs = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  now(): number {
    return (performance.now() - this.#startedAt) * this.#speed + this.#aheadMs;
  }

  /** Lets time pass at once; timers that are set ring when they would have. */
  advance(ms: number): void {
    this.#aheadMs += ms;
  }

  /** The true time, ms since the epoch. */
  trueTime(): number {
    return NOON + this.now();
  }

  wall(): number {
    return this.trueTime() + this.skewMs;
  }

  after(ms: number, body: () => void): () => void {
    const timer = setTimeout(body, Math.max(0, ms) / this.#speed);
    return () => clearTimeout(timer);
  }
}
