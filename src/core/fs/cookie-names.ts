/**
 * Which name a directory cookie stands behind.
 *
 * Entries get cookies in the order in which they are handed out, so re-reading an unchanged directory gives the same
 * ones. The first {@link WINDOW} are all kept. Beyond them stay the latest two replies, every {@link STRIDE}th cookie
 * and those where counting began anew, so memory is bounded in a directory of any size.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";

/** So many cookies always resume exactly. */
const WINDOW = 65_536;

/** Of the cookies beyond, one in so many is kept. */
const STRIDE = 1024;

/** A place to go on from: behind `name`, past `skip` more entries. */
export interface Resumption {
  readonly name: Uint8Array;
  readonly skip: number;
}

export class CookieNames {
  readonly #names = new Map<number, Uint8Array>();
  readonly #first: number;
  #end: number;
  #passing: number[] = [];
  #latest: number[] = [];

  /** @param first - the cookie of the first name */
  constructor(first: number) {
    this.#first = first;
    this.#end = first;
  }

  /** Cookies whose names are kept. */
  get size(): number {
    return this.#names.size;
  }

  /** A pass begins anew; once the window is full, so do the cookies. */
  rewind(): void {
    if (this.#end - this.#first < WINDOW) return;
    this.#names.clear();
    this.#passing = [];
    this.#latest = [];
    this.#end = this.#first;
  }

  /** A reply begins: what only the one before the last needed is forgotten. */
  beginReply(): void {
    for (const cookie of this.#passing) this.#names.delete(cookie);
    this.#passing = this.#latest;
    this.#latest = [];
  }

  /**
   * The cookie behind `name`, which is handed out after the entry with cookie `previous`.
   * @param name - kept
   */
  add(previous: number, name: Uint8Array): number {
    const next = this.#names.get(previous + 1);
    if (next !== undefined && equalBytes(next, name)) return previous + 1;
    const cookie = this.#end;
    this.#end += 1;
    this.#names.set(cookie, name);
    const isMark = cookie % STRIDE === 0 || cookie !== previous + 1;
    if (cookie - this.#first >= WINDOW && !isMark) this.#latest.push(cookie);
    return cookie;
  }

  /** Where to go on behind a cookie; undefined is the beginning. */
  resume(cookie: number): Resumption | undefined {
    for (let known = cookie; known >= this.#first; known--) {
      const name = this.#names.get(known);
      if (name !== undefined) return { name, skip: cookie - known };
    }
    return undefined;
  }
}
