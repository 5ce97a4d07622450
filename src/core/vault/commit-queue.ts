/**
 * One commit at a time, and one for all who wait: a caller joins the commit that has not begun yet.
 *
 * @module
 */
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";

export class CommitQueue {
  readonly #run: (settle: () => void) => MaybePromise<void>;
  #isDirty = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param run - makes one commit; calls `settle` at the moment after which changes belong to the next one */
  constructor(run: (settle: () => void) => MaybePromise<void>) {
    this.#run = run;
  }

  /** Whether something waits for a commit that has not settled what it takes. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether nothing waits or is under way. */
  get isIdle(): boolean {
    return !this.#isDirty && this.#running === undefined;
  }

  /** Resolves when the commit that is under way has ended, well or not; undefined when there is none. */
  get ending(): Promise<void> | undefined {
    return this.#running?.catch(() => {});
  }

  /** Takes note of a change. @returns whether it is the first since a commit settled */
  markDirty(): boolean {
    if (this.#isDirty) return false;
    this.#isDirty = true;
    return true;
  }

  /** Ends when everything done before the call is durable: at once where a commit takes no waiting. */
  commit(): MaybePromise<void> {
    if (this.#next !== undefined) return this.#next;
    if (!this.#isDirty) return this.#running;
    if (this.#running === undefined) return this.#start();
    const next = this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#isDirty ? this.#start() : undefined;
      });
    this.#next = next;
    return next;
  }

  #start(): MaybePromise<void> {
    const settle = (): void => {
      this.#isDirty = false;
    };
    const failed = (error: unknown): never => {
      this.#isDirty = true;
      throw error;
    };
    try {
      const run = this.#run(settle);
      if (!isPending(run)) return;
      const running = run.catch(failed).finally(() => {
        this.#running = undefined;
      });
      this.#running = running;
      return running;
    } catch (error) {
      failed(error);
    }
  }
}
