/**
 * One rate limit as a client sees it. When the server counts a request, at its first byte or its last, is not known; only
 * that it is between the moment it is sent and the moment it is answered. Every gate keeps to its limit whichever it is.
 *
 * @module
 */
import type { ShownBucket } from "./rate-headers.ts";

/** Lets requests through at the rate of one limit. Times are of a clock that only goes forward, ms. */
export interface RateGate {
  /** Time until a request may start, ms; infinite when that depends on one in flight. */
  delay(now: number): number;
  /** Counts a request that starts now. */
  take(now: number): void;
  /** A request was not sent after all. */
  giveBack(): void;
  /** A request ended, other than by a refusal of this limit. @param wasLetThrough - false when nobody knows */
  ended(now: number, shown: ShownBucket | undefined, wasLetThrough: boolean): void;
  /** A request was refused with 429 by this limit, for so long. */
  refused(now: number, waitMs: number, shown: ShownBucket | undefined): void;
  /** Takes over what an answer to somebody else's request shows. */
  observe(now: number, shown: ShownBucket): void;
}
