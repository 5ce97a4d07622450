/**
 * When to publish by itself.
 *
 * 1. As soon as `publishBytes` have been committed locally, and at the latest `publishMs` after the first commit that is
 *    not published; also for what an earlier session left.
 * 2. After a failure that passes by itself (no network, the service is down), again after 1 s, and with pauses that
 *    double up to a minute, for as long as it takes.
 * 3. After one that only somebody can heal: access that was denied is tried every five minutes; a lease that is another's
 *    when somebody asks for it.
 * 4. One publication runs at a time, for whoever asks: who stops waiting does not stop it, only `stop` does.
 *
 * @module
 */
import { CommitError, DvaultError, type ErrorCode } from "../../../core/base/errors.ts";
import { pause } from "../../timing.ts";
import type { LocalParts } from "../local/local-parts.ts";
import type { SegmentSettings } from "../segment-options.ts";
import type { SerialQueue } from "../serial-queue.ts";
import type { Publisher } from "./publisher.ts";

/** Pause after the first failure and longest pause, ms. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Pause after access was denied, ms: few enough refusals, and soon enough for whoever gave a permission back. */
const DENIED_PAUSE_MS = 300_000;

/** Failures that pass by themselves. */
const PASSING: readonly ErrorCode[] = ["STORE_DOWN", "OBJECT_CUT"];

/** What is still to be published. */
export interface PublicationProgress {
  readonly pendingBytes: number;
  /** Local commits. */
  readonly pendingCommits: number;
  /** Why it does not go on for the moment; it will be tried again. */
  readonly problem: string | undefined;
}

export class PublicationLoop {
  readonly #settings: SegmentSettings;
  readonly #local: LocalParts;
  readonly #publisher: Publisher;
  readonly #queue: SerialQueue;
  readonly #waiting = new Set<() => void>();
  readonly #watchers = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;
  #failures = 0;
  #problem: unknown;
  readonly #stopping = new AbortController();
  #current: Promise<void> | undefined;
  /** Called when publication ends with an error that time alone does not heal. */
  onTrouble: (error: unknown) => void = () => {};

  constructor(
    settings: SegmentSettings,
    local: LocalParts,
    publisher: Publisher,
    queue: SerialQueue,
  ) {
    this.#settings = settings;
    this.#local = local;
    this.#publisher = publisher;
    this.#queue = queue;
    publisher.onProgress = () => this.#progressed();
  }

  /** Why publication does not go on, in words. */
  get problem(): string | undefined {
    const { message } = (this.#problem ?? {}) as { readonly message?: string };
    return this.#problem === undefined ? undefined : (message ?? String(this.#problem));
  }

  /** Whether uploads are going on, so that waiting for room makes sense. */
  get isRunning(): boolean {
    return this.#current !== undefined && this.#problem === undefined;
  }

  /** Takes note that there may be something to publish. */
  note(): void {
    if (this.#isStopped || this.#current !== undefined || !this.#local.state.hasUnpublished) return;
    if (this.#failures > 0) return;
    if (this.#local.pages.freshBytes.committed >= this.#settings.publishBytes) this.#start();
    else this.#cancelTimer ??= this.#after(this.#settings.publishMs);
  }

  #after(ms: number): () => void {
    return this.#settings.timing.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#start();
    });
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #start(): void {
    if (!this.#isStopped) this.publish().catch(() => {});
  }

  /** Publishes now, or joins the publication under way. @throws what `Publisher.publish` throws */
  publish(): Promise<void> {
    this.#current ??= this.#publish().finally(() => {
      this.#current = undefined;
      this.#progressed();
      this.note();
    });
    return this.#current;
  }

  async #publish(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    try {
      await this.#queue.run(() => this.#publisher.publish(false, this.#stopping.signal));
      this.#failures = 0;
      this.#problem = undefined;
    } catch (error) {
      if (!this.#isStopped) this.#failed(error);
      throw error;
    }
  }

  #failed(error: unknown): void {
    this.#problem = error;
    this.#failures += 1;
    const pauseMs = isPassing(error) ? this.#pauseMs() : DENIED_PAUSE_MS;
    if (isPassing(error) || isDenied(error)) this.#cancelTimer ??= this.#after(pauseMs);
    if (!isPassing(error)) this.onTrouble(error);
  }

  #pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
  }

  /**
   * Publishes all that is committed now; waits through failures that pass.
   * @param onProgress - told whenever something has arrived
   * @param signal - ends the waiting only
   * @throws what `Publisher.publish` throws, when time does not heal it; the signal's reason
   */
  async flush(
    onProgress?: (progress: PublicationProgress) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { state } = this.#local;
    const target = state.now.sequence;
    const tell = (): void => onProgress?.(this.progress());
    this.#watchers.add(tell);
    try {
      while (state.now.shipped < target) {
        signal?.throwIfAborted();
        try {
          await endedOr(this.publish(), signal);
        } catch (error) {
          if (!isPassing(error) || this.#isStopped) throw error;
          tell();
          await pause(this.#settings.timing, this.#pauseMs(), signal);
        }
      }
    } finally {
      this.#watchers.delete(tell);
    }
  }

  progress(): PublicationProgress {
    const { sequence, shipped } = this.#local.state.now;
    const { committed, open } = this.#local.pages.freshBytes;
    return {
      pendingBytes: committed + open,
      pendingCommits: sequence - shipped,
      problem: this.problem,
    };
  }

  /** Resolves at the next progress or end of a publication. */
  nextProgress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #progressed(): void {
    for (const tell of this.#watchers) tell();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Ends what is under way, soon, and starts nothing more. */
  stop(): void {
    this.#stopping.abort(new CommitError("VAULT_CLOSED", "the store is closed"));
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof DvaultError && PASSING.includes(error.code);
}

function isDenied(error: unknown): boolean {
  return error instanceof DvaultError && error.code === "STORE_DENIED";
}

/** Waits for a promise, but no longer than until a signal comes. @throws the signal's reason */
async function endedOr(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  work.catch(() => {});
  signal.throwIfAborted();
  let stop = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([work, stopped]).finally(() => signal.removeEventListener("abort", stop));
}
