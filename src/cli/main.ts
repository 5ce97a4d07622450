#!/usr/bin/env node
/**
 * The program `dvault`.
 *
 * @module
 */
import { rawArguments } from "./argument-bytes.ts";
import { commandTable } from "./command-table.ts";
import type { CliContext } from "./context.ts";
import { interruptSignal } from "./interrupt.ts";
import { runCli } from "./program.ts";

const context: CliContext = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruptSignal(),
  self: [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
};

// A reader that went away is noticed where the output is written.
process.stdout.on("error", () => undefined);
process.exitCode = await runCli(rawArguments(process.argv.slice(2)), context, commandTable);
