/**
 * The messages of one channel in the order of their ids.
 *
 * @module
 */
import { compareSnowflakes } from "../base/snowflake.ts";

/** Which part of a history is asked for; at most one of the three is used. */
export interface HistoryQuery {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly around?: string | undefined;
  readonly limit: number;
}

/** Ids of a channel's messages, oldest first. */
export class MessageHistory {
  readonly #ids: string[] = [];

  /** @param id - larger than every id before */
  append(id: string): void {
    this.#ids.push(id);
  }

  remove(id: string): void {
    const at = this.#place(id);
    if (this.#ids[at] === id) this.#ids.splice(at, 1);
  }

  /** Ids, newest first, as List Messages orders them. */
  list({ before, after, around, limit }: HistoryQuery): string[] {
    if (around !== undefined) {
      const start = Math.max(0, this.#place(around) - Math.floor(limit / 2));
      return this.#ids.slice(start, start + limit).reverse();
    }
    if (after !== undefined) {
      const place = this.#place(after);
      const start = this.#ids[place] === after ? place + 1 : place;
      return this.#ids.slice(start, start + limit).reverse();
    }
    const end = before === undefined ? this.#ids.length : this.#place(before);
    return this.#ids.slice(Math.max(0, end - limit), end).reverse();
  }

  /** Ids, oldest first. */
  all(): readonly string[] {
    return [...this.#ids];
  }

  /** Index of the first id that is not older than `id`. */
  #place(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareSnowflakes(this.#ids[middle] as string, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
