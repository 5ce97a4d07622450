/**
 * Makes one of many calls go wrong: each call asks here first.
 *
 * @module
 */

/** What becomes of the call that is struck. */
export type Blow =
  /** It answers an error and does nothing, once. */
  | "error"
  /** Only a part of it is done, and it says so. */
  | "short"
  /** The process dies with it: from then on, no call does anything. */
  | "death";

/** See the head of this file. */
export class Faults {
  /** Kinds of all calls so far, in order. */
  readonly calls: string[] = [];
  /** Kind of the call that was struck. */
  struck: string | undefined;
  #target = Number.POSITIVE_INFINITY;
  #blow: Blow = "error";
  #isDead = false;
  #isCounting = true;

  /** Lets the `number`-th call go wrong, counted from 1. */
  strikeAt(number: number, blow: Blow): void {
    this.#target = number;
    this.#blow = blow;
  }

  /** The next process begins, and nothing strikes it until {@link strikeAt} says so. */
  revive(): void {
    this.#isDead = false;
    this.#target = Number.POSITIVE_INFINITY;
    this.struck = undefined;
  }

  /** Whether the process is dead. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Runs what is no part of the trial: its calls are not counted, and work even after death. */
  async aside<T>(body: () => Promise<T>): Promise<T> {
    const before = { isDead: this.#isDead, isCounting: this.#isCounting };
    this.#isDead = false;
    this.#isCounting = false;
    try {
      return await body();
    } finally {
      this.#isDead = before.isDead;
      this.#isCounting = before.isCounting;
    }
  }

  /**
   * To be asked before a call is made.
   * @param newError - the error the call ends with when it is struck; by default that of a broken disk
   * @returns whether only a part of it is to be done
   * @throws that error
   */
  ask(kind: string, newError: (n: number) => Error = diskError): "whole" | "part" {
    if (this.#isDead) throw newError(this.calls.length);
    if (!this.#isCounting) return "whole";
    this.calls.push(kind);
    if (this.calls.length !== this.#target) return "whole";
    this.struck = kind;
    if (this.#blow === "short") return "part";
    if (this.#blow === "death") this.#isDead = true;
    throw newError(this.calls.length);
  }
}

/** An error of the system, one of two. */
function diskError(n: number): Error {
  const code = n % 2 === 0 ? "EIO" : "ENOSPC";
  return Object.assign(new Error(`${code}: struck at call ${n}`), { code });
}
