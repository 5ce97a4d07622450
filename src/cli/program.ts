/**
 * The command line: finds the command, runs it, and turns its end into output and an exit code.
 *
 * @module
 */
import { createRequire } from "node:module";
import yargs, { type Argv } from "yargs";
import { UsageError } from "../core/base/errors.ts";
import type { Command } from "./command.ts";
import type { CommandEntry } from "./command-table.ts";
import { loadConfig } from "./config/config.ts";
import { directories } from "./config/directories.ts";
import { type CliContext, writeTo } from "./context.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { mountHelperLine } from "./mount-helper.ts";
import { reportError } from "./report-error.ts";

/** Width of help where no terminal tells one. */
const HELP_WIDTH = 100;

/**
 * Runs one command line to its end. Nothing is thrown: failures are printed to standard error.
 *
 * @param args - without executable and script
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  context: CliContext,
  commands: readonly CommandEntry[],
): Promise<ExitCode> {
  try {
    let running: Promise<ExitCode> | undefined;
    const start = (run: Promise<ExitCode>): void => {
      running = run;
    };
    const names = commands.flatMap((command) => command.names);
    const line = mountHelperLine(args, names) ?? args;
    if (line.length === 0 && args.length > 0) return ExitCode.done;
    const output = await parse(line, buildParser(context, await load(commands, line), start));
    if (output !== "") await writeTo(context.stdout, `${output}\n`);
    return await (running ?? ExitCode.done);
  } catch (error) {
    if (isClosedPipe(error)) return ExitCode.failed;
    reportError(context, error);
    return exitCodeOf(error);
  }
}

/** The command that is called; all of them where there is none, for help and completion. */
function load(
  commands: readonly CommandEntry[],
  [word = ""]: readonly string[],
): Promise<Command[]> {
  const called = commands.filter(({ names }) => names.includes(word));
  const needed = called.length > 0 ? called : commands;
  return Promise.all(needed.map((entry) => entry.load()));
}

function buildParser(
  context: CliContext,
  commands: readonly Command[],
  start: (run: Promise<ExitCode>) => void,
): Argv {
  const parser = yargs()
    .scriptName("dvault")
    .usage(
      "dvault <command>\n\nAn encrypted drive in a file, a folder or at Discord, and the file system on it.",
    )
    .locale("en")
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      "boolean-negation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "greedy-arrays": false,
      "dot-notation": false,
    })
    .wrap(Math.min(HELP_WIDTH, context.stdout.columns ?? HELP_WIDTH))
    .demandCommand(1, "give a command")
    .strictCommands()
    .help()
    .version(version());
  for (const command of commands) command.register(parser, "dvault", { context, start });
  return parser.completion(
    "completion",
    "Print a completion script for bash or zsh",
    completer(context),
  );
}

/** Adds the names of vaults to what yargs completes by itself. */
function completer(
  context: CliContext,
): (
  current: string,
  argv: unknown,
  filter: (onDone: (error: Error | null, words: string[] | undefined) => void) => void,
  done: (words: string[]) => void,
) => void {
  return (_current, _argv, filter, done) => {
    filter((_error, words) => done([...(words ?? []), ...vaultNames(context)]));
  };
}

/** A config that cannot be read completes nothing. */
function vaultNames(context: CliContext): string[] {
  try {
    return Object.keys(loadConfig(directories(context.env)).vaults);
  } catch {
    return [];
  }
}

/** @returns what yargs itself has to say: help, version or completions */
async function parse(args: readonly string[], parser: Argv): Promise<string> {
  let output = "";
  try {
    await parser.parseAsync([...args], {}, (_error, _argv, text) => {
      output = text;
    });
  } catch (error) {
    throw usageOf(error);
  }
  return output;
}

/** What yargs found wrong with the line. */
function usageOf(cause: unknown): UsageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const plain = message.charAt(0).toLowerCase() + message.slice(1);
  return new UsageError("USAGE", `${plain}; \`dvault --help\` tells more`, { cause });
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require("../../package.json") as { version: string }).version;
}

/** Whoever read our output has gone (`dvault ls | head`). */
function isClosedPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "EPIPE";
}
