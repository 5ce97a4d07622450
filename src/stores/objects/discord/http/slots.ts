/**
 * Lets so many in at once and the others wait, in the order of their arrival.
 *
 * @module
 */
import { onAbort } from "../on-abort.ts";

interface Waiter {
  readonly enter: () => void;
}

/** A counted door. */
export class Slots {
  readonly #waiters = new Set<Waiter>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot.
   * @returns gives the slot back; to be called exactly once
   * @throws the signal's reason
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    return () => this.#leave();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stay = onAbort(signal, () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      });
      const waiter: Waiter = {
        enter: () => {
          stay();
          resolve();
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #leave(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiters.delete(next);
    next.enter();
  }
}
