/**
 * The time at Discord, whatever this machine believes: from the Date header of answers.
 *
 * @module
 */
import type { SteadyTiming } from "../steady-timing.ts";

/** Follows the clock of the other side. */
export class ServerClock {
  readonly #timing: SteadyTiming;
  #aheadMs: number | undefined;

  constructor(timing: SteadyTiming) {
    this.#timing = timing;
  }

  /** Milliseconds since the epoch; by this machine's clock until an answer was seen. */
  now(): number {
    return this.#aheadMs === undefined ? this.#timing.wall() : this.#timing.now() + this.#aheadMs;
  }

  /** By how much this machine's clock is ahead of Discord's, ms; undefined until an answer was seen. */
  get skewMs(): number | undefined {
    return this.#aheadMs === undefined ? undefined : this.#timing.wall() - this.now();
  }

  /** Takes the time from an answer. */
  note(date: string | undefined): void {
    const ms = Date.parse(date ?? "");
    if (!Number.isNaN(ms)) this.#aheadMs = ms - this.#timing.now();
  }
}
