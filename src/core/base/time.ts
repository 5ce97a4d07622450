/**
 * Points in time as records keep them: 12 bytes, seconds since the epoch as a signed 64-bit number, then nanoseconds.
 *
 * @module
 */
import { getI64, getU32, putI64, putU32 } from "./bytes.ts";
import type { Clock } from "./platform.ts";

/** A point in time: whole seconds since the epoch (may be negative) and nanoseconds, 0 to 999,999,999. */
export interface Time {
  readonly sec: number;
  readonly nsec: number;
}

/** Bytes of an encoded time. */
export const TIME_SIZE = 12;

const NSEC_PER_SEC = 1e9;

/** Seconds from the epoch, both ways, that are exact (FORMAT.md §1.1). */
const SEC_MAX = Number.MAX_SAFE_INTEGER;

/** Whether what stands there is a time: its seconds are exact, its nanoseconds less than a second. */
export function isTimeAt(bytes: Uint8Array, at: number): boolean {
  return Number.isSafeInteger(getI64(bytes, at)) && getU32(bytes, at + 8) < NSEC_PER_SEC;
}

export function getTime(bytes: Uint8Array, at: number): Time {
  return { sec: getI64(bytes, at), nsec: getU32(bytes, at + 8) };
}

export function putTime(bytes: Uint8Array, at: number, time: Time): void {
  putI64(bytes, at, time.sec);
  putU32(bytes, at + 8, time.nsec);
}

/** The time nearest to one that records can keep, which Linux makes of it too where a file system knows fewer than it. */
export function nearestTime(time: Time): Time {
  if (Math.abs(time.sec) <= SEC_MAX) return time;
  return { sec: Math.sign(time.sec) * SEC_MAX, nsec: 0 };
}

/** Whole milliseconds since the epoch, rounded down as `Date.parse` does. */
export function millisecondsOf({ sec, nsec }: Time): number {
  return sec * 1000 + Math.floor(nsec / 1e6);
}

/** The time a clock shows. */
export function timeNow(clock: Clock): Time {
  const reading: [sec: number, nsec: number] = [0, 0];
  clock.now(reading);
  return { sec: reading[0], nsec: reading[1] };
}
