/**
 * What runs before each commit to turn drafts into records.
 *
 * Calls go on beside a flush, and what they write waits to be flushed again. Where writers outrun that, they wait in the
 * end: a commit is a moment, so all that was written before it is in it, and nothing that was written later.
 *
 * @module
 */
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { FlushKind } from "./transaction.ts";

/** Flushes of one commit beside writers, and then as many more while writers wait. */
const ROUNDS = 4;

/** Stores what waits to be stored; answers without a promise only when nothing does. */
export type Flush = (which: FlushKind) => MaybePromise<void>;

export class Flushes {
  readonly #flushes: Flush[] = [];
  #settling: Promise<void> | undefined;

  /** Ends when writers may go on; undefined when they may. */
  get settling(): Promise<void> | undefined {
    return this.#settling;
  }

  add(flush: Flush): void {
    this.#flushes.push(flush);
  }

  /** Flushes once, all that waits now, beside commits. */
  async ahead(): Promise<void> {
    await Promise.all(this.#flushes.map((flush) => flush("all")));
  }

  /**
   * Flushes until nothing waits any more.
   * @param freeze - called in that moment; with false when something is left that could not be stored
   * @throws what a flush or `freeze` throws
   */
  async run(which: FlushKind, freeze: (isFlushed: boolean) => void): Promise<void> {
    let goOn = (): void => {};
    try {
      let isFlushed = false;
      for (let round = 0; round < 2 * ROUNDS && !isFlushed; round++) {
        if (round === ROUNDS) goOn = this.#hold();
        const flushing = this.#flushes.map((flush) => flush(which)).filter(isPending);
        isFlushed = flushing.length === 0;
        if (!isFlushed) await Promise.all(flushing);
      }
      freeze(isFlushed);
    } finally {
      goOn();
    }
  }

  /** Makes writers wait. @returns lets them go on */
  #hold(): () => void {
    let goOn = (): void => {};
    this.#settling = new Promise((resolve) => {
      goOn = () => {
        this.#settling = undefined;
        resolve();
      };
    });
    return goOn;
  }
}
