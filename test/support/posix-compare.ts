/**
 * The same calls in two directories, and the first difference between what they answer.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PosixTool } from "./posix-tool.ts";

/** A difference. */
export interface Difference {
  /** Calls up to the one that was answered differently. */
  readonly calls: readonly string[];
  readonly plain: string | undefined;
  readonly mounted: string | undefined;
}

/** Two directories: a plain one of this machine, which is right, and one on a mount. */
export class Pair {
  readonly #program: string;
  readonly #plain: string;
  readonly #mounted: string;
  #serial = 0;

  /** @param program - the tool */
  constructor(program: string, plain: string, mounted: string) {
    this.#program = program;
    this.#plain = plain;
    this.#mounted = mounted;
  }

  /** What calls answer in a new directory of either side; it stays. */
  async answers(calls: readonly string[]): Promise<readonly (readonly string[])[]> {
    this.#serial += 1;
    return this.answersIn(String(this.#serial), calls);
  }

  /** Name of the directory last used. */
  get last(): string {
    return String(this.#serial);
  }

  /** What calls answer in a directory of either side. */
  answersIn(name: string, calls: readonly string[]): Promise<readonly (readonly string[])[]> {
    return Promise.all(
      [this.#plain, this.#mounted].map(async (side) => {
        const directory = join(side, name);
        mkdirSync(directory, { recursive: true });
        const tool = new PosixTool(this.#program, directory);
        try {
          return await tool.run(calls);
        } finally {
          await tool.end();
        }
      }),
    );
  }

  /** The first difference; undefined when there is none. */
  async compare(calls: readonly string[]): Promise<Difference | undefined> {
    const [plain = [], mounted = []] = await this.answers(calls);
    const at = plain.findIndex((answer, i) => answer !== mounted[i]);
    if (at < 0) return undefined;
    return { calls: calls.slice(0, at + 1), plain: plain[at], mounted: mounted[at] };
  }

  /** A difference that fewer calls make: whatever can be left out is. */
  async shrink(found: Difference): Promise<Difference> {
    let smallest = found;
    for (let size = found.calls.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at + size < smallest.calls.length; ) {
        const { calls } = smallest;
        const fewer = await this.compare([...calls.slice(0, at), ...calls.slice(at + size)]);
        if (fewer === undefined) at += size;
        else smallest = fewer;
      }
    }
    return smallest;
  }
}
