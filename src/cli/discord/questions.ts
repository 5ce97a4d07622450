/**
 * Questions to the person at the keyboard, who sees the answers: not for secrets.
 *
 * @module
 */
import { createInterface } from "node:readline";
import { UsageError } from "../../core/base/errors.ts";
import type { CliContext } from "../context.ts";

/** One of several things to choose from. */
export interface Choice<T> {
  readonly label: string;
  readonly value: T;
}

/** Asks, where there is somebody to answer. */
export class Questions {
  readonly #context: CliContext;
  #lines: AsyncIterator<string> | undefined;

  constructor(context: CliContext) {
    this.#context = context;
  }

  /** Whether anybody is there. */
  get canAsk(): boolean {
    return (this.#context.stdin as { readonly isTTY?: boolean }).isTTY === true;
  }

  /** Tells something. */
  say(text: string): void {
    this.#context.stderr.write(`${text}\n`);
  }

  /** @throws UsageError CANCELLED at Ctrl-C, or when the input ends */
  async ask(question: string): Promise<string> {
    const { stdin: input, stderr, signal } = this.#context;
    this.#lines ??= createInterface({ input, signal })[Symbol.asyncIterator]();
    stderr.write(question);
    const { value, done } = await this.#lines.next();
    if (done !== true) return value.trim();
    throw new UsageError("CANCELLED", "no answer was given");
  }

  /** A question whose answer is yes or anything else. */
  async confirm(question: string): Promise<boolean> {
    return /^y(es)?$/i.test(await this.ask(`${question} (yes/no) `));
  }

  /** Lets choose by number. */
  async choose<T>(question: string, choices: readonly Choice<T>[]): Promise<T> {
    for (const [index, { label }] of choices.entries()) this.say(`  ${index + 1}  ${label}`);
    for (;;) {
      const chosen = choices[Number(await this.ask(`${question} (1-${choices.length}) `)) - 1];
      if (chosen !== undefined) return chosen.value;
    }
  }

  /** Lets the keyboard go. */
  async close(): Promise<void> {
    await this.#lines?.return?.();
  }
}
