/**
 * Time that passes when a test says so.
 *
 * @module
 */
import type { Timing } from "../../src/stores/timing.ts";

/** A timer that has not rung. */
interface Pending {
  readonly at: number;
  readonly body: () => void;
}

/** See the head of this file. */
export class ManualTiming implements Timing {
  #now = 1_700_000_000_000;
  #pending: Pending[] = [];

  wall(): number {
    return this.#now;
  }

  after(ms: number, body: () => void): () => void {
    const pending = { at: this.#now + ms, body };
    this.#pending.push(pending);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== pending);
    };
  }

  /** Lets time pass; timers that are due ring in order. */
  advance(ms: number): void {
    const target = this.#now + ms;
    for (;;) {
      const due = this.#pending.filter((pending) => pending.at <= target);
      const [next] = due.sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#pending = this.#pending.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.body();
    }
    this.#now = target;
  }
}
