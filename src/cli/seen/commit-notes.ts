/**
 * Sees to it that the commits of a vault that stays open are remembered, a while after they were made. Nothing runs while
 * nothing is committed.
 *
 * @module
 */
import type { Timer } from "../../core/vault/auto-commit.ts";

/** Longest time that a commit is not remembered, ms. */
const NOTE_MS = 60_000;

/** What {@link CommitNotes} are taken with. */
export interface CommitNotesOptions {
  readonly timer: Timer;
  /** Remembers the newest commit. @returns whether it may be by now; else it is tried again later */
  readonly note: () => boolean;
}

export class CommitNotes {
  readonly #options: CommitNotesOptions;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: CommitNotesOptions) {
    this.#options = options;
  }

  /** There is a commit that is not remembered yet. */
  expect(): void {
    if (this.#isStopped) return;
    const { timer, note } = this.#options;
    this.#cancel ??= timer(NOTE_MS, () => {
      this.#cancel = undefined;
      if (!note()) this.expect();
    });
  }

  /** Expects no more, whatever is still said. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
