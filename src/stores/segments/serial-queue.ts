/**
 * One after the other: what changes the store's objects or its log takes turns.
 *
 * @module
 */

export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `body` when everything asked for before has ended, well or not. */
  run<T>(body: () => Promise<T>): Promise<T> {
    const next = this.#last.then(body);
    this.#last = next.catch(() => {});
    return next;
  }
}
