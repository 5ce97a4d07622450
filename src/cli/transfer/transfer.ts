/**
 * What copying in and copying out have in common: how, how far, and what went wrong.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CliContext } from "../context.ts";
import { Failures } from "../failures.ts";
import type { Progress } from "../output/progress.ts";

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

/** One run of copying. */
export class Transfer extends Failures {
  readonly options: TransferOptions;
  readonly #signal: AbortSignal;
  #turnedMs = performance.now();

  constructor(context: CliContext, options: TransferOptions, progress: Progress) {
    super(context, progress);
    this.options = options;
    this.#signal = context.signal;
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
    this.#signal.throwIfAborted();
  }
}
