/**
 * What copying in and copying out have in common: how, how far, and what went wrong.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { CommitError, DvaultError, StoreError, UsageError } from "../../core/base/errors.ts";
import { type CliContext, warn } from "../context.ts";
import { EntryError } from "../entry-error.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { printable } from "../output/human.ts";
import type { Progress } from "../output/progress.ts";
import { reasonOf } from "../report-error.ts";

/** Bytes copied at once. */
export const COPY_SIZE: number = 1 << 20;

/** Longest time without a look at signals and timers, in milliseconds. */
const TURN_MS = 20;

/** What happens to an entry whose place is taken; a directory is always merged into a directory. */
export type Existing = "refuse" | "skip" | "replace";

/** How a tree is copied. */
export interface TransferOptions {
  readonly existing: Existing;
  /** Entries keep their owners; otherwise everything belongs to the caller. */
  readonly owners: boolean;
  /** Set-ID bits and file capabilities are kept on the way out. */
  readonly privileges: boolean;
}

const FATAL: readonly string[] = ["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENFILE"];

/** One run of copying. */
export class Transfer {
  readonly options: TransferOptions;
  readonly progress: Progress;
  readonly #context: CliContext;
  #exitCode: ExitCode = ExitCode.done;
  #turnedMs = performance.now();

  constructor(context: CliContext, options: TransferOptions, progress: Progress) {
    this.#context = context;
    this.options = options;
    this.progress = progress;
  }

  /** 0, or what the first entry that could not be copied asks for; damage outweighs the rest. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  /**
   * To be awaited between pieces of work: lets signals and timers come through.
   * @throws UsageError CANCELLED after Ctrl-C
   */
  async turn(): Promise<void> {
    if (performance.now() - this.#turnedMs > TURN_MS) {
      await nextTurn();
      this.#turnedMs = performance.now();
    }
    this.#context.signal.throwIfAborted();
  }

  /**
   * Notes that one entry could not be copied, so that the rest can be.
   * @throws the error itself when going on makes no sense
   */
  fail(path: string, error: unknown): void {
    if (isFatal(error)) throw error;
    const code = exitCodeOf(error);
    if (this.#exitCode === ExitCode.done || code === ExitCode.damaged) this.#exitCode = code;
    this.#say(error instanceof EntryError ? error.message : `${path}: ${reasonOf(error)}`);
  }

  /** Says something about an entry that was copied all the same. */
  note(path: string, message: string): void {
    this.#say(`${path}: ${message}`);
  }

  #say(line: string): void {
    this.progress.clear();
    warn(this.#context, printable(line));
  }
}

function isFatal(error: unknown): boolean {
  if (error instanceof StoreError || error instanceof CommitError || error instanceof UsageError)
    return true;
  const code =
    error instanceof DvaultError ? error.code : (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && FATAL.includes(code);
}
