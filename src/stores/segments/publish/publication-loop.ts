/**
 * When to publish: soon after enough has gathered, at the latest some time after a local commit, and again with growing
 * pauses when it fails. Errors that time does not heal end it, until somebody asks for a publication.
 *
 * @module
 */
import { DvaultError, type ErrorCode } from "../../../core/base/errors.ts";
import { pause } from "../../timing.ts";
import type { LocalParts } from "../local/local-parts.ts";
import type { SegmentSettings } from "../segment-options.ts";
import type { SerialQueue } from "../serial-queue.ts";
import type { Publisher } from "./publisher.ts";

/** Pause after the first failure and longest pause, ms. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

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
  #running = false;
  #failures = 0;
  #problem: unknown;
  #isStopped = false;

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
    return this.#running && this.#problem === undefined;
  }

  /** Takes note that there may be something to publish. */
  note(): void {
    if (this.#isStopped || this.#running || !this.#local.state.hasUnpublished) return;
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

  #start(): void {
    if (this.#running || this.#isStopped) return;
    this.publish().catch(() => {});
  }

  /** Publishes now. @throws what `Publisher.publish` throws */
  async publish(signal?: AbortSignal): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#running = true;
    try {
      await this.#queue.run(() => this.#publisher.publish(false, signal));
      this.#failures = 0;
      this.#problem = undefined;
    } catch (error) {
      if (signal?.aborted !== true) this.#failed(error);
      throw error;
    } finally {
      this.#running = false;
      this.#progressed();
      this.note();
    }
  }

  #failed(error: unknown): void {
    this.#problem = error;
    this.#failures += 1;
    if (!isPassing(error) || this.#isStopped) return;
    this.#cancelTimer ??= this.#after(this.#pauseMs());
  }

  #pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
  }

  /**
   * Publishes all that is committed now; waits through failures that pass.
   * @param onProgress - told whenever something has arrived
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
          await this.publish(signal);
        } catch (error) {
          if (!isPassing(error)) throw error;
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

  /** Starts nothing more by itself. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof DvaultError && PASSING.includes(error.code);
}
