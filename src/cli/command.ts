/**
 * How a command is described: its words, operands, options and what it does. yargs parses the options, writes the help
 * and completes; counting operands is done here, so that an optional one may stand before a required one.
 *
 * @module
 */
import type { Argv, InferredOptionTypes, Options } from "yargs";
import { UsageError } from "../core/base/errors.ts";
import type { CliContext } from "./context.ts";
import { ExitCode } from "./exit-code.ts";

/** Options of a command, by name without dashes. */
export type OptionTable = Readonly<Record<string, Options>>;

/** What the user gave a command. */
export interface Call<Table extends OptionTable> {
  readonly operands: readonly string[];
  readonly options: Readonly<InferredOptionTypes<Table>>;
}

/** One command, described. */
export interface CommandDescription<Table extends OptionTable> {
  /** The command's name, then other names it has. */
  readonly names: readonly [string, ...string[]];
  readonly summary: string;
  /** Its operands, for the help. */
  readonly usage: string;
  /** Least and most operands. */
  readonly operands: readonly [least: number, most: number];
  readonly options: Table;
  /** Command lines, and what they do. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** More to know, below the options. */
  readonly notes?: string;
  /** Does the work. @returns the exit code; done when it gives none */
  run(context: CliContext, call: Call<Table>): Promise<ExitCode | undefined>;
}

/** What becomes of a run: `start` takes over the promise of its exit code. */
export interface Runner {
  readonly context: CliContext;
  start(run: Promise<ExitCode>): void;
}

/** A command, or a group of them, that can be added to a parser. */
export interface Command {
  /** The first is the command's name, the others mean the same. */
  readonly names: readonly string[];
  /** @param words - what stands before the command's own name, such as `dvault key` */
  register(parser: Argv, words: string, runner: Runner): Argv;
}

/** Makes a {@link Command} of its description. */
export function defineCommand<Table extends OptionTable>(
  description: CommandDescription<Table>,
): Command {
  return {
    names: description.names,
    register(parser, words, runner) {
      const line = `${words} ${description.names[0]}`;
      return parser.command({
        command: [...description.names],
        describe: description.summary,
        builder: (inner) => describeCommand(inner, line, description),
        handler: (parsed) => {
          const depth = line.split(" ").length - 1;
          runner.start(runCommand(description, runner.context, { parsed, depth }));
        },
      });
    },
  };
}

/** Makes a group of commands that share a first word. */
export function defineGroup(name: string, summary: string, commands: readonly Command[]): Command {
  return {
    names: [name],
    register(parser, words, runner) {
      const line = `${words} ${name}`;
      return parser.command({
        command: name,
        describe: summary,
        builder: (inner) => {
          inner
            .usage(`${line} <command>\n\n${summary}`)
            .demandCommand(1, `give a command of ${line}`);
          for (const command of commands) command.register(inner, line, runner);
          return inner.strictCommands();
        },
        handler: () => undefined,
      });
    },
  };
}

function describeCommand<Table extends OptionTable>(
  parser: Argv,
  line: string,
  description: CommandDescription<Table>,
): Argv {
  const usage = `${line} ${description.usage}`.trimEnd();
  parser.usage(`${usage}\n\n${description.summary}`).options(description.options);
  for (const [example, what] of description.examples) parser.example(example, what);
  if (description.notes !== undefined) parser.epilogue(description.notes);
  return parser.strictCommands(false).strictOptions();
}

interface ParsedLine {
  readonly parsed: Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] };
  /** Words of the command itself at the beginning of `parsed._`. */
  readonly depth: number;
}

async function runCommand<Table extends OptionTable>(
  description: CommandDescription<Table>,
  context: CliContext,
  { parsed, depth }: ParsedLine,
): Promise<ExitCode> {
  const operands = parsed._.slice(depth).map(String);
  const [least, most] = description.operands;
  if (operands.length < least || operands.length > most) {
    const problem = operands.length < least ? "an operand is missing" : "too many operands";
    throw new UsageError(
      "USAGE",
      `${problem}; usage: ${description.names[0]} ${description.usage}`,
    );
  }
  for (const [name, option] of Object.entries(description.options)) {
    if (Array.isArray(parsed[name]) && option.array !== true) {
      throw new UsageError("USAGE", `--${name} may be given once only`);
    }
  }
  // The table that was handed to yargs is what its answer is typed by.
  const options = parsed as unknown as InferredOptionTypes<Table>;
  return (await description.run(context, { operands, options })) ?? ExitCode.done;
}
