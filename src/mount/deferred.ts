/**
 * A promise that is settled from outside.
 *
 * @module
 */

/** Holds a promise together with its ends; only the first of them counts. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => {};
  #reject: (reason: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value: T): void {
    this.#resolve(value);
  }

  reject(reason: Error): void {
    this.#reject(reason);
  }
}
