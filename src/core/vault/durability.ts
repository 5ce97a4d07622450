/**
 * How what transactions have done becomes durable: by a commit, or sooner by an entry of the log where that will do.
 *
 * @module
 */
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { ChangeLog } from "./change-log.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Committer } from "./committer.ts";
import { type Flush, Flushes } from "./flushes.ts";

/** What makes a vault durable. */
export interface DurabilityParts {
  readonly committer: Committer;
  readonly log: ChangeLog;
  /** @throws CommitError */
  readonly checkWritable: () => void;
  /** Called when something begins to wait for a commit. */
  readonly onDirty: () => void;
}

export class Durability {
  readonly #parts: DurabilityParts;
  readonly #commits = new CommitQueue((settle) => this.#commitOnce(settle));
  readonly #syncs = new CommitQueue((settle) => this.#syncOnce(settle));
  readonly #flushes = new Flushes();
  /** Whether the next commit is to leave nothing to its log. */
  #isAllWanted = false;

  constructor(parts: DurabilityParts) {
    this.#parts = parts;
  }

  /** Whether something waits for a commit. */
  get isDirty(): boolean {
    return this.#commits.isDirty;
  }

  /** Whether a crash now would lose nothing. */
  get isSafe(): boolean {
    return this.#syncs.isIdle;
  }

  /** Ends when writers may go on; undefined when they may. */
  get settling(): Promise<void> | undefined {
    return this.#flushes.settling;
  }

  /** Has something stored before each commit. */
  addFlush(flush: Flush): void {
    this.#flushes.add(flush);
  }

  /** Takes note of a change. */
  markDirty(): void {
    this.#syncs.markDirty();
    this.#markUncommitted();
  }

  #markUncommitted(): void {
    if (this.#commits.markDirty()) this.#parts.onDirty();
  }

  /** Commits what was done before the call. @throws StoreError, CommitError */
  async commit(): Promise<void> {
    if (this.#commits.isDirty) this.#isAllWanted = true;
    await this.#commits.commit();
  }

  /**
   * As {@link commit}, without haste: what takes long is stored beside commits that others wait for, and what comes meanwhile may
   * be left to the log. @throws StoreError, CommitError
   */
  async settle(): Promise<void> {
    const { checkWritable, log } = this.#parts;
    checkWritable();
    if (log.isLeft("ready")) await this.#flushes.ahead();
    await this.#commits.commit();
  }

  /** Makes what was done before the call durable in the way that costs least. @throws StoreError, CommitError */
  sync(): MaybePromise<void> {
    return this.#syncs.commit();
  }

  #syncOnce(settle: () => void): MaybePromise<void> {
    const { ending } = this.#commits;
    if (ending !== undefined) return ending.then(() => this.#syncOnce(settle));
    const { committer, log, checkWritable } = this.#parts;
    checkWritable();
    const logged = log.append(committer.counters);
    settle();
    return chain(logged, (isLogged) => (isLogged ? undefined : this.#commits.commit()));
  }

  async #commitOnce(settle: () => void): Promise<void> {
    const { committer, checkWritable, log } = this.#parts;
    checkWritable();
    const which = !this.#isAllWanted && log.canTake() ? "ready" : "all";
    this.#isAllWanted = false;
    let committing: Promise<void> | undefined;
    await this.#flushes.run(which, (isFlushed) => {
      settle();
      if (!isFlushed) this.markDirty();
      committing = committer.commit(which);
      if (log.isLeft(which)) this.#markUncommitted();
    });
    await committing;
  }
}
