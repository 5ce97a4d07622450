/**
 * The moments of a history, and which of them may be found after a crash.
 *
 * @module
 */
import type { Model } from "./model.ts";

/** How far something is safe: from the death of the process and power cuts, or from the loss of the machine. */
export type Level = "local" | "remote";

/** A moment, and when it began, on whatever clock the rig has. */
interface Moment {
  readonly model: Model;
  readonly since: number;
}

/** A promise that nothing before a moment is lost. */
interface Promised {
  readonly level: Level;
  readonly moment: number;
  readonly since: number;
}

/** See the head of this file. */
export class Chronicle {
  readonly #moments: Moment[];
  #promises: Promised[] = [];

  /** @param model - what is there, and safe, at the beginning */
  constructor(model: Model) {
    this.#moments = [{ model, since: 0 }];
    for (const level of ["local", "remote"] as const) {
      this.#promises.push({ level, moment: 0, since: 0 });
    }
  }

  /** What should be there now. */
  get now(): Model {
    return (this.#moments.at(-1) as Moment).model;
  }

  /** How many moments there were. */
  get length(): number {
    return this.#moments.length;
  }

  /** Takes note of what a call makes of everything, before it is made. */
  begin(model: Model, since: number): void {
    this.#moments.push({ model, since });
  }

  /** The call that began last has done nothing. */
  undo(): void {
    this.#moments.pop();
  }

  /** Everything up to the `length`-th moment was promised to be safe. */
  promise(level: Level, length: number, since: number): void {
    this.#promises.push({ level, moment: length - 1, since });
    if (level === "remote") this.promise("local", length, since);
  }

  /** What may be found after a crash at a time, oldest first. */
  allowed(level: Level, at: number = Number.POSITIVE_INFINITY): readonly Model[] {
    const kept = this.#promises.filter((one) => one.level === level && one.since <= at);
    const oldest = Math.max(...kept.map(({ moment }) => moment));
    return this.#moments
      .filter(({ since }, moment) => moment >= oldest && since <= at)
      .map(({ model }) => model);
  }

  /**
   * Holds what was found after a crash against what is allowed.
   * @throws Error when it is none of it
   */
  expect(found: string, level: Level, at?: number): void {
    const allowed = this.allowed(level, at);
    if (allowed.some(({ portrait }) => portrait === found)) return;
    const known = this.#moments.findIndex(({ model }) => model.portrait === found);
    const what = known < 0 ? "a mixture" : `moment ${known}`;
    const first = this.#moments.findIndex(({ model }) => model === allowed[0]);
    const range = `moments ${first} to ${first + allowed.length - 1}`;
    throw new Error(
      `${what} instead of ${range} with ${level} safe:\n${found}\n--\n${allowed[0]?.portrait}`,
    );
  }

  /** Goes on from what was found, which is allowed: later moments are no more. */
  settle(found: string): void {
    const moment = this.#moments.findLastIndex(({ model }) => model.portrait === found);
    this.#moments.length = moment + 1;
    this.#promises = this.#promises.map((one) => ({
      ...one,
      moment: Math.min(one.moment, moment),
    }));
  }
}
