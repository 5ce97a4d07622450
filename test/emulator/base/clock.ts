/**
 * The emulator's time: every timestamp, expiry and rate limit window is read off this clock, so that a test can let a
 * day pass between two lines. Only what a client would feel on the wire (latency, bandwidth, delays) takes real time.
 *
 * @module
 */

/** A clock that runs, or stands, as its source does, and can be moved by hand. */
export class EmulatorClock {
  readonly #source: () => number;
  #offsetMs = 0;

  /** @param source - milliseconds since 1970; `() => 1_700_000_000_000` makes a clock that only `advance` moves */
  constructor(source: () => number = Date.now) {
    this.#source = source;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#source() + this.#offsetMs;
  }

  /** Moves the clock; a negative number moves it back. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }
}
