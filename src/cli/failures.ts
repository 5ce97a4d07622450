/**
 * Failures of single entries of a longer work: each is told in a line, and the rest goes on.
 *
 * @module
 */
import { CommitError, DvaultError, StoreError, UsageError } from "../core/base/errors.ts";
import { type CliContext, warn } from "./context.ts";
import { EntryError } from "./entry-error.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { printable } from "./output/human.ts";
import { type Progress, silentProgress } from "./output/progress.ts";
import { reasonOf } from "./report-error.ts";

/** System errors after which nothing else would work either. */
const FATAL: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE"];

/** Tells failures, and what exit code they come to. */
export class Failures {
  readonly progress: Progress;
  readonly #context: CliContext;
  #exitCode: ExitCode = ExitCode.done;

  /** @param progress - cleared before a line is printed */
  constructor(context: CliContext, progress: Progress = silentProgress) {
    this.#context = context;
    this.progress = progress;
  }

  /** 0, or what the first failure asks for; damage outweighs the rest. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  /**
   * Notes that one entry failed.
   * @throws the error itself when going on makes no sense
   */
  fail(path: string, error: unknown): void {
    if (isFatal(error)) throw error;
    const code = exitCodeOf(error);
    if (this.#exitCode === ExitCode.done || code === ExitCode.damaged) this.#exitCode = code;
    if (error instanceof EntryError) this.#say(error.message);
    else this.note(path, reasonOf(error));
  }

  /** Says something about an entry that did not fail. */
  note(path: string, message: string): void {
    this.#say(`${path}: ${message}`);
  }

  #say(line: string): void {
    this.progress.clear();
    warn(this.#context, printable(line));
  }
}

function isFatal(error: unknown): boolean {
  if (error instanceof StoreError || error instanceof CommitError || error instanceof UsageError) {
    return true;
  }
  const { code } = error instanceof DvaultError ? error : ((error ?? {}) as NodeJS.ErrnoException);
  return code !== undefined && FATAL.includes(code);
}
