/**
 * The end of a mount, which may come from the kernel, a signal and `dvault unmount` at once.
 *
 * @module
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { CommitError } from "../../core/base/errors.ts";
import type { Asker } from "../../mount/control-messages.ts";
import type { Mount } from "../../mount/driver.ts";
import type { Unpublished } from "../../mount/mount-status.ts";
import { type CliContext, warn } from "../context.ts";
import type { OpenVault } from "../open-vault.ts";
import { describeRest } from "../output/work-line.ts";
import { publishAll, unpublished } from "../remote-work.ts";
import { describeError } from "../report-error.ts";

/** How often unmounting is tried again while programs have files open, in milliseconds. */
const RETRY_MS = 500;

export class Ending {
  readonly #open: OpenVault;
  readonly #mount: Mount;
  readonly #signal: AbortSignal;
  #closed: Promise<void> | undefined;
  #requested: Promise<unknown> | undefined;

  /** @param signal - ends waiting for publication, whoever asked for it */
  constructor(open: OpenVault, mount: Mount, signal: AbortSignal) {
    this.#open = open;
    this.#mount = mount;
    this.#signal = signal;
  }

  /**
   * What `dvault unmount` asks for: commits, unmounts, publishes if somebody waits for it, closes. A mount whose last
   * changes cannot be made safe, or that is in use, stays.
   *
   * @returns what is left to publish; undefined where nothing ever is
   */
  unmount(wait: boolean, asker: Asker): Promise<Unpublished | undefined> {
    const signal = AbortSignal.any([asker.signal, this.#signal]);
    const done = this.#unmount(wait, { signal, tell: (progress) => asker.tell(progress) });
    this.#requested = done;
    return done;
  }

  async #unmount(wait: boolean, asker: Asker): Promise<Unpublished | undefined> {
    const { remote } = this.#open;
    await commitUnlessFailed(this.#open);
    await this.#mount.unmount();
    if (!this.#open.fs.readOnly) await commitUnlessFailed(this.#open);
    const left = remote === undefined ? undefined : await publishRest(this.#open, wait, asker);
    await this.#closeVault();
    return left;
  }

  /**
   * Ends in any case, without publishing: commits and unmounts. While files are open on the mount they are served, and it
   * is tried again. What is not published is left to the next mount, and said.
   *
   * @throws StoreError, CommitError when the last changes could not be made safe
   */
  async finish(context: CliContext): Promise<void> {
    await this.#unmountWhenFree(context);
    const isAsked = this.#requested !== undefined;
    await this.#requested?.catch(() => undefined);
    const { fs, remote } = this.#open;
    if (!isAsked && remote !== undefined && !fs.readOnly) {
      await commitUnlessFailed(this.#open);
      tellRest(context, unpublished(remote));
    }
    await this.#closeVault();
    // Whoever asked gets the answer before the socket goes.
    await nextTurn();
  }

  async #unmountWhenFree(context: CliContext): Promise<void> {
    let hasEnded = false;
    const ended = this.#mount.ended.then(() => {
      hasEnded = true;
    });
    for (let tries = 0; !hasEnded; tries++) {
      try {
        await commitUnlessFailed(this.#open);
        await this.#mount.unmount();
        return;
      } catch (error) {
        if (tries === 0) warn(context, `${describeError(error)}; waiting`);
      }
      await Promise.race([ended, delay(RETRY_MS)]);
    }
  }

  #closeVault(): Promise<void> {
    this.#closed ??= this.#open.close();
    return this.#closed;
  }
}

/** The mount is gone by now, so what hinders publishing is told as what is left. */
async function publishRest(
  { remote }: OpenVault,
  wait: boolean,
  asker: Asker,
): Promise<Unpublished | undefined> {
  if (remote === undefined) return undefined;
  if (!wait || remote.readOnly) return unpublished(remote);
  try {
    return await publishAll(remote, asker);
  } catch (error) {
    return { ...unpublished(remote), problem: describeError(error) };
  }
}

function tellRest(context: CliContext, { pendingBytes, pendingCommits }: Unpublished): void {
  if (pendingCommits === 0) return;
  warn(context, `${describeRest(pendingBytes, pendingCommits)}: the next mount publishes them`);
}

/** A vault that has failed for good stands in nobody's way: closing it tells what was lost. */
async function commitUnlessFailed({ vault }: OpenVault): Promise<void> {
  if (vault.readOnly) return;
  try {
    await vault.commit();
  } catch (error) {
    if (!(error instanceof CommitError)) throw error;
  }
}
