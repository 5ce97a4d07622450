/**
 * The system clock with nanoseconds: `Date.now()` gives whole milliseconds, the monotonic `process.hrtime` what lies between.
 *
 *     now = offset + hrtime,   offset = Date.now() - hrtime at some moment
 *
 * 1. Readings never go backwards, unless the system clock was set back: Linux slews both clocks alike.
 * 2. A reading is never further than DRIFT_MS from `Date.now()`: when it is, the clock was stepped (or the
 *    machine slept) and the offset is taken anew.
 *
 * @module
 */
import type { Clock } from "../core/base/platform.ts";

const DRIFT_MS = 2;
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;

/** Where a {@link SystemClock} reads; Node's own unless a test says otherwise. */
export interface TimeSources {
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Monotonic `[seconds, nanoseconds]`. */
  readonly monotonic: () => [number, number];
}

const NODE_SOURCES: TimeSources = { wall: Date.now, monotonic: () => process.hrtime() };

/** `Clock` that follows the system clock, steps included. */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  #offsetSec = 0;
  #offsetNsec = 0;
  #anchored = false;

  constructor(sources: TimeSources = NODE_SOURCES) {
    this.#sources = sources;
  }

  now(out: [sec: number, nsec: number]): void {
    const wallMs = this.#sources.wall();
    const [sec, nsec] = this.#sources.monotonic();
    if (!this.#anchored) this.#anchor(wallMs, sec, nsec);
    this.#read(sec, nsec, out);
    const ahead = out[0] * 1000 + out[1] / NS_PER_MS - wallMs;
    if (ahead > -DRIFT_MS && ahead < 1 + DRIFT_MS) return;
    this.#anchor(wallMs, sec, nsec);
    this.#read(sec, nsec, out);
  }

  #anchor(wallMs: number, sec: number, nsec: number): void {
    const wallSec = Math.floor(wallMs / 1000);
    this.#offsetSec = wallSec - sec;
    this.#offsetNsec = (wallMs - wallSec * 1000) * NS_PER_MS - nsec;
    this.#anchored = true;
  }

  #read(sec: number, nsec: number, out: [sec: number, nsec: number]): void {
    const nanoseconds = nsec + this.#offsetNsec;
    const carry = Math.floor(nanoseconds / NS_PER_S);
    out[0] = sec + this.#offsetSec + carry;
    out[1] = nanoseconds - carry * NS_PER_S;
  }
}
