/**
 * Discord's ids: 64 bits, the upper 42 of them milliseconds since 2015, always written as decimal strings.
 *
 * @module
 */
import type { EmulatorClock } from "./clock.ts";

/** Milliseconds from 1970 to the first second of 2015, where snowflakes begin. */
const EPOCH = 1_420_070_400_000;
const TIME_SHIFT = 22n;
const SNOWFLAKE = /^(0|[1-9]\d{0,19})$/;

/** Hands out ids that rise strictly, even while the clock stands or goes back. */
export class SnowflakeSource {
  readonly #clock: EmulatorClock;
  #last = 0n;

  constructor(clock: EmulatorClock) {
    this.#clock = clock;
  }

  next(): string {
    const ofTime = BigInt(snowflakeAt(this.#clock.now()));
    this.#last = ofTime > this.#last ? ofTime : this.#last + 1n;
    return this.#last.toString();
  }

  /** Makes every later id larger than one that was given out by an earlier run. */
  skipPast(id: string): void {
    const seen = BigInt(id);
    if (seen > this.#last) this.#last = seen;
  }
}

/** The smallest id of a point in time, in milliseconds since 1970. */
export function snowflakeAt(ms: number): string {
  return (BigInt(Math.max(0, Math.floor(ms - EPOCH))) << TIME_SHIFT).toString();
}

/** When an id was made, in milliseconds since 1970. */
export function snowflakeTime(id: string): number {
  return Number(BigInt(id) >> TIME_SHIFT) + EPOCH;
}

/** Orders ids by age, oldest first. */
export function compareSnowflakes(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whether a text is an id as Discord writes it. */
export function isSnowflake(text: string): boolean {
  return SNOWFLAKE.test(text);
}
