/**
 * Stops everything long before Discord does: an address with 10,000 refused requests (401, 403, 429) in ten minutes is
 * banned for hours, every bot and every user behind it included.
 *
 * @module
 */
import { StoreError } from "../../../../core/base/errors.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import type { LimitScope } from "./rate-headers.ts";

const WINDOW_MS = 10 * 60_000;

/** Counts refusals. */
export class Breaker {
  readonly #timing: SteadyTiming;
  readonly #most: number;
  readonly #onStop: (reason: StoreError) => void;
  /** When each refusal came, oldest first; at most `#most` of them. */
  #refusals: number[] = [];
  #isOpen = false;
  #halted: string | undefined;

  /**
   * @param most - refusals within ten minutes at which everything stops
   * @param onStop - told once each time it does
   */
  constructor(timing: SteadyTiming, most: number, onStop: (reason: StoreError) => void) {
    this.#timing = timing;
    this.#most = most;
    this.#onStop = onStop;
  }

  /** Why nothing is sent, in words; undefined while all is well. */
  get stopped(): string | undefined {
    if (this.#halted !== undefined) return this.#halted;
    if (!this.#isOpen) return undefined;
    this.#forgetOld();
    if (this.#refusals.length <= this.#most / 2) {
      this.#isOpen = false;
      return undefined;
    }
    return `discord refused ${this.#refusals.length} requests within ten minutes; nothing is sent until fewer are counted`;
  }

  /** @throws StoreError STORE_DENIED while stopped */
  check(): void {
    const reason = this.stopped;
    if (reason !== undefined) throw new StoreError("STORE_DENIED", reason);
  }

  /** Counts an answer, if it is one of those that count. A limit shared with others is nobody's fault. */
  note(status: number, scope?: LimitScope): void {
    if ((status !== 401 && status !== 403 && status !== 429) || scope === "shared") return;
    this.#refusals.push(this.#timing.now());
    if (this.#refusals.length < this.#most || this.#isOpen) return;
    this.#forgetOld();
    if (this.#refusals.length < this.#most) return;
    this.#isOpen = true;
    this.#tell();
  }

  /** Stops for as long as the store is open. */
  halt(reason: string): void {
    if (this.#halted !== undefined) return;
    this.#halted = reason;
    this.#tell();
  }

  #tell(): void {
    const reason = this.stopped;
    if (reason !== undefined) this.#onStop(new StoreError("STORE_DENIED", reason));
  }

  #forgetOld(): void {
    const since = this.#timing.now() - WINDOW_MS;
    this.#refusals = this.#refusals.filter((at) => at > since).slice(-2 * this.#most);
  }
}
