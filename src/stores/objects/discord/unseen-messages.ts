/**
 * Messages of ours that Discord has answered for and not listed yet: its API is eventually consistent (Discord
 * documentation, reference, "Consistency"). A listing without one of them is too old to be believed.
 *
 * @module
 */
import type { SteadyTiming } from "./steady-timing.ts";

/** See the head of this file. */
export class UnseenMessages {
  readonly #timing: SteadyTiming;
  readonly #lagMs: number;
  /** When each was posted, by its id. */
  readonly #posted = new Map<string, number>();

  /** @param lagMs - a message that is not listed after this time was deleted by somebody */
  constructor(timing: SteadyTiming, lagMs: number) {
    this.#timing = timing;
    this.#lagMs = lagMs;
  }

  note(id: string): void {
    this.#posted.set(id, this.#timing.now());
  }

  forget(id: string): void {
    this.#posted.delete(id);
  }

  /** Takes note of a listing of the newest messages. @returns whether it lacks one that must be there */
  isLacking(listed: ReadonlySet<string>): boolean {
    const since = this.#timing.now() - this.#lagMs;
    for (const [id, postedAt] of this.#posted) {
      if (listed.has(id) || postedAt < since) this.#posted.delete(id);
    }
    return this.#posted.size > 0;
  }
}
