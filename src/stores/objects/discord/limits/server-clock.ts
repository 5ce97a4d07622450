/**
 * When a moment of the server's clock comes on ours. An answer says what that clock showed at some time between the
 * request and the answer, so each answer bounds how far apart the clocks are; short requests bound it closely for all.
 *
 * @module
 */
import type { ShownBucket } from "./rate-headers.ts";

/** Clocks run apart: what an answer told is used for one to two such spans, ms. */
const SPAN_MS = 30_000;

/** Times in headers are rounded to milliseconds, two of them for each bound. */
const ROUNDING_MS = 2;

/** What our clock shows less what the server's shows, ms. */
interface Bounds {
  readonly least: number;
  readonly most: number;
}

const UNKNOWN: Bounds = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };

/** The clock of one server. */
export class ServerClock {
  #bounds = UNKNOWN;
  #boundsBefore = UNKNOWN;
  #since = Number.NEGATIVE_INFINITY;

  /**
   * Takes over what an answer tells; one that contradicts those before it takes their place.
   * @param sentAt - when its request was sent, of our clock, ms
   */
  learn(sentAt: number, now: number, { resetsAtMs, resetAfterMs }: ShownBucket): void {
    if (resetsAtMs === undefined) return;
    const shown = resetsAtMs - resetAfterMs;
    const told = { least: sentAt - shown - ROUNDING_MS, most: now - shown };
    if (now >= this.#since + SPAN_MS) {
      this.#boundsBefore = this.#bounds;
      this.#bounds = UNKNOWN;
      this.#since = now;
    }
    if (isEmpty(both(told, both(this.#bounds, this.#boundsBefore)))) this.forget();
    this.#bounds = both(told, this.#bounds);
  }

  /** Forgets what was learned: something showed that it is wrong. */
  forget(): void {
    this.#bounds = UNKNOWN;
    this.#boundsBefore = UNKNOWN;
  }

  /** The latest time of our clock at which the server's may show a time, ms; infinite when nothing was learned. */
  latest(serverTime: number): number {
    return serverTime + both(this.#bounds, this.#boundsBefore).most;
  }
}

function both(a: Bounds, b: Bounds): Bounds {
  return { least: Math.max(a.least, b.least), most: Math.min(a.most, b.most) };
}

function isEmpty({ least, most }: Bounds): boolean {
  return least > most;
}
