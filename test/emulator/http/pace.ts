/**
 * Holds a stream of bytes to a rate, in real time.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Pieces in which paced bytes are sent: about a millisecond of a 200 Mbit/s line. */
export const PACED_PIECE = 32 * 1024;

/** Shorter waits cost more than they are worth; they are made up for by a later one. */
const SHORTEST_WAIT_MS = 2;

/** One direction of one connection. */
export class Pace {
  readonly #bytesPerSecond: () => number;
  readonly #signal: AbortSignal;
  /** When the line has carried all that was taken so far, on the clock of `performance.now`. */
  #freeAt = 0;

  /**
   * @param bytesPerSecond - asked for each time; 0 is no limit
   * @param signal - ends waits by rejecting
   */
  constructor(bytesPerSecond: () => number, signal: AbortSignal) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#signal = signal;
  }

  isLimited(): boolean {
    return this.#bytesPerSecond() > 0;
  }

  /** Returns when the line would have carried that many more bytes. */
  async take(bytes: number): Promise<void> {
    const rate = this.#bytesPerSecond();
    if (rate <= 0) return;
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes * 1000) / rate;
    const waitMs = this.#freeAt - now;
    if (waitMs >= SHORTEST_WAIT_MS) await sleep(waitMs, undefined, { signal: this.#signal });
  }
}
