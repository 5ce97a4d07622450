/**
 * The signal that an operation can go on once something else was done: an interrupted truncation finished, room made, a
 * block inflated.
 *
 * Thrown by the function of a transaction, which is then run again from the start, as after a PageFault. It
 * is no error, so it carries no stack.
 *
 * @module
 */

/** Names what must be done before the operation runs again. */
export class RetryAfter {
  /** Does it; rejects when the operation cannot go on. */
  readonly work: () => Promise<unknown>;

  constructor(work: () => Promise<unknown>) {
    this.work = work;
  }
}
