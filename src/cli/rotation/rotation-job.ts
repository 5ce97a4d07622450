/**
 * The work behind a change of the vault key in the process of a mount: it goes on in the background whoever waits for it,
 * stops with the mount, and goes on with the next one.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { StoreError } from "../../core/base/errors.ts";
import { snapshotsUnderOlderKeys } from "../../core/fs/move/renew-pages.ts";
import type { Asker, KeyChange, RotationResult } from "../../mount/control-messages.ts";
import type { RotationStatus } from "../../mount/mount-status.ts";
import { type CliContext, warn } from "../context.ts";
import type { OpenVault } from "../open-vault.ts";
import { unpublished } from "../remote-work.ts";
import { describeError } from "../report-error.ts";
import { decodeKeyChange } from "./key-change.ts";
import { renewVault } from "./renew-vault.ts";

/** Time between two tries when the store is full or out of reach, ms. */
const RETRY_MS = 30_000;

/** How often somebody who waits is told, ms. */
const TELL_MS = 500;

export class RotationJob {
  readonly #context: CliContext;
  readonly #open: OpenVault;
  readonly #stopping = new AbortController();
  #running: Promise<RotationResult> | undefined;
  #progress = { movedPages: 0, totalPages: 0 };
  #problem: string | undefined;

  constructor(context: CliContext, open: OpenVault) {
    this.#context = context;
    this.#open = open;
  }

  /** How far it is; undefined when there is nothing to do. */
  get status(): RotationStatus | undefined {
    const { vault } = this.#open;
    if (vault.keys.older.length === 0) return undefined;
    if (this.#running !== undefined) {
      const problem = this.#problem === undefined ? {} : { problem: this.#problem };
      return { state: "running", ...this.#progress, ...problem };
    }
    return { state: "held", ...this.#progress, heldBy: snapshotsUnderOlderKeys(vault).length };
  }

  /** Begins, or goes on, when there is something to do; what goes wrong is told. */
  start(): void {
    const { vault } = this.#open;
    if (vault.readOnly || vault.keys.older.length === 0) return;
    this.#run().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      warn(this.#context, `cannot write pages anew under the new key: ${describeError(error)}`);
    });
  }

  /**
   * Changes the vault key, where that is asked for, and waits until all is done or the asker leaves.
   * @throws KeyError WRONG_KEY; PageError, StoreError, CommitError
   */
  async rotate(change: KeyChange | undefined, asker: Asker): Promise<RotationResult> {
    const { keys } = this.#open.vault;
    if (change !== undefined) {
      const { vaultKey, slots } = await decodeKeyChange(keys.secret, change);
      await keys.replaceVaultKey(vaultKey, slots);
      this.#progress = { movedPages: 0, totalPages: 0 };
    }
    const timer = setInterval(() => this.#tell(asker), TELL_MS);
    try {
      return await Promise.race([this.#run(), this.#unfinished(asker.signal)]);
    } finally {
      clearInterval(timer);
    }
  }

  /** Stops, for the next mount to go on. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the mount ends"));
    await this.#running?.catch(() => undefined);
  }

  /** One run at a time; whoever comes later joins it. */
  #run(): Promise<RotationResult> {
    this.#running ??= this.#persist().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Tries again while the store is full or out of reach. */
  async #persist(): Promise<RotationResult> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        return await renewVault({
          open: this.#open,
          signal,
          onProgress: (progress) => {
            this.#progress = progress;
            this.#problem = undefined;
          },
        });
      } catch (error) {
        if (!(error instanceof StoreError) || signal.aborted) throw error;
        this.#problem = describeError(error);
        await delay(RETRY_MS, undefined, { signal, ref: false });
      }
    }
  }

  /** What there is to say to an asker who leaves. */
  #unfinished(signal: AbortSignal): Promise<RotationResult> {
    return new Promise((resolve) => {
      const leave = (): void => {
        const { movedPages } = this.#progress;
        resolve({ isDone: false, movedPages, lostPages: 0, heldBy: [] });
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    });
  }

  #tell({ tell }: Asker): void {
    const { remote } = this.#open;
    const pending = remote && unpublished(remote);
    tell({
      pendingBytes: 0,
      pendingCommits: 0,
      ...pending,
      limitedMs: 0,
      problem: this.#problem,
      renewing: this.#progress,
    });
  }
}
