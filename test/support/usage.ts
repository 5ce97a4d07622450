/**
 * Options of a program of this checkout (a benchmark, the soak, the fuzzer), of which its `usage.txt` tells.
 *
 * @module
 */
import process from "node:process";
import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Exit status of wrong usage, as dvault has it. */
const WRONG_USAGE = 2;

/** What the command line of a program may say. */
export class Usage {
  readonly #name: string;

  /** @param name - as it is called: `scripts/soak` */
  constructor(name: string) {
    this.#name = name;
  }

  /** The options of this process; ends it when one is unknown, or no number where its default is one. */
  read<T extends Options>(options: T): ReturnType<typeof parseArgs<{ options: T }>>["values"] {
    const { values } = this.#parse(options);
    for (const [name, value] of Object.entries(values)) {
      const isNumber = !Number.isNaN(Number(options[name]?.default));
      if (isNumber && typeof value === "string" && !(Number(value) >= 0)) {
        this.refuse(`--${name} takes a number, not ${value}`);
      }
    }
    return values;
  }

  /** Ends the process, with what is wrong on standard error. */
  refuse(problem: string): never {
    process.stderr.write(`${this.#name}: ${problem}; ${this.#name} --help tells more\n`);
    process.exit(WRONG_USAGE);
  }

  #parse<T extends Options>(options: T): ReturnType<typeof parseArgs<{ options: T }>> {
    try {
      return parseArgs({ options });
    } catch (error) {
      return this.refuse(error instanceof Error ? error.message : String(error));
    }
  }
}
