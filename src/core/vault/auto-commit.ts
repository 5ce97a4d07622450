/**
 * Brings changes to safety by themselves: a commit a little after the first of them (design invariant 4). Nothing runs
 * while nothing changed.
 *
 * @module
 */
import type { Vault } from "./vault.ts";

/** Longest time a change waits for its commit, ms. */
const AUTO_COMMIT_MS = 4000;

/** Calls `body` once after a delay; the answer cancels it. */
export type Timer = (delayMs: number, body: () => void) => () => void;

/** What an {@link AutoCommit} is made with. */
export interface AutoCommitOptions {
  readonly vault: Vault;
  readonly timer: Timer;
  readonly delayMs?: number;
  /** Told of a commit that failed; it is tried again after the same delay. */
  readonly onFailure: (error: unknown) => void;
  /** Told when what changed is committed. */
  readonly onCommit?: () => void;
}

export class AutoCommit {
  readonly #options: AutoCommitOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /** Begins to watch the vault. */
  constructor(options: AutoCommitOptions) {
    this.#options = options;
    options.vault.onDirty = () => this.#schedule();
    if (options.vault.isDirty) this.#schedule();
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#stopped) return;
    const { timer, delayMs, vault, onFailure, onCommit } = this.#options;
    this.#cancel = timer(delayMs ?? AUTO_COMMIT_MS, () => {
      this.#cancel = undefined;
      vault.settle().then(onCommit, (error: unknown) => {
        onFailure(error);
        this.#schedule();
      });
    });
  }

  /** Stops watching. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
