/**
 * Time as the Discord store uses it: waits and deadlines must not depend on a clock that somebody may set.
 *
 * @module
 */
import type { Timing } from "../../timing.ts";

/** A {@link Timing} with a clock that only goes forward. */
export interface SteadyTiming extends Timing {
  /** Milliseconds since some moment. */
  now(): number;
}

/** Longest delay a timer of Node takes, ms. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's own time. */
export const systemTiming: SteadyTiming = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, body) {
    const timer = setTimeout(body, Math.min(Math.max(0, Math.ceil(ms)), LONGEST_DELAY));
    return () => clearTimeout(timer);
  },
};
