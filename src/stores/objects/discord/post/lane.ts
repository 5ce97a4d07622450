/**
 * One of the ways data goes out, and whether it is open.
 *
 * @module
 */
import type { LaneState } from "../../object-store.ts";
import { RefusedError } from "../rest/refused-error.ts";
import type { SteadyTiming } from "../steady-timing.ts";
import type { Mailbox } from "./mailbox.ts";

/** A mailbox that may fail. */
export class Lane {
  readonly mailbox: Mailbox;
  readonly #timing: SteadyTiming;
  readonly #restMs: number;
  #failure: string | undefined;
  #restsUntil = 0;

  /** @param restMs - when a lane that failed is tried again, ms */
  constructor(mailbox: Mailbox, timing: SteadyTiming, restMs: number) {
    this.mailbox = mailbox;
    this.#timing = timing;
    this.#restMs = restMs;
  }

  get isOpen(): boolean {
    return this.#timing.now() >= this.#restsUntil;
  }

  /** Why it failed last; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Closes the lane after a refusal that is about the lane and not about what was posted.
   * @returns whether it is such a refusal
   */
  fail(error: unknown): boolean {
    if (!(error instanceof RefusedError) || ![401, 403, 404].includes(error.status)) return false;
    this.#failure = error.message;
    // A webhook that is gone stays gone, and Discord counts who goes on asking (topics/rate-limits). A bot's rights come back.
    const isForGood = this.mailbox.webhookId !== undefined;
    this.#restsUntil = isForGood ? Number.POSITIVE_INFINITY : this.#timing.now() + this.#restMs;
    return true;
  }

  /** Something was posted. */
  succeed(): void {
    this.#failure = undefined;
  }

  /** @param isWaiting - whether limits hold it back at the moment */
  state(isWaiting: boolean): LaneState {
    const { name } = this.mailbox;
    if (this.#failure !== undefined) return { name, state: "failed", reason: this.#failure };
    return { name, state: isWaiting ? "waiting" : "ready" };
  }
}
