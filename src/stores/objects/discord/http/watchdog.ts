/**
 * Ends a transfer whose other side has fallen silent, or that takes longer than any honest one would.
 *
 * @module
 */
import type { SteadyTiming } from "../steady-timing.ts";

/** How long is too long. */
export interface Patience {
  /** Silence, ms; may be raised for a while by {@link Watchdog.expect}. */
  readonly silenceMs: number;
  /** The whole transfer, ms. */
  readonly deadlineMs: number;
}

/** Watches one transfer. */
export class Watchdog {
  readonly #timing: SteadyTiming;
  readonly #deadline: number;
  readonly #onBark: (problem: string) => void;
  #silenceMs: number;
  #lastSign: number;
  #stopTimer: () => void = () => undefined;

  /** @param onBark - told what is wrong, at most once */
  constructor(timing: SteadyTiming, patience: Patience, onBark: (problem: string) => void) {
    this.#timing = timing;
    this.#silenceMs = patience.silenceMs;
    this.#lastSign = timing.now();
    this.#deadline = this.#lastSign + patience.deadlineMs;
    this.#onBark = onBark;
    this.#arm();
  }

  /** The other side gave a sign of life. */
  touch(): void {
    this.#lastSign = this.#timing.now();
  }

  /** From now on, so much silence is fine. */
  expect(silenceMs: number): void {
    this.touch();
    this.#silenceMs = silenceMs;
    this.#stopTimer();
    this.#arm();
  }

  stop(): void {
    this.#stopTimer();
  }

  #arm(): void {
    const now = this.#timing.now();
    const due = Math.min(this.#lastSign + this.#silenceMs, this.#deadline);
    this.#stopTimer = this.#timing.after(due - now, () => this.#look());
  }

  #look(): void {
    const now = this.#timing.now();
    if (now >= this.#deadline) this.#onBark("took too long");
    else if (now >= this.#lastSign + this.#silenceMs) this.#onBark("fell silent");
    else this.#arm();
  }
}
