/**
 * Serves one mount until it is unmounted or told to stop, and leaves everything safe.
 *
 * @module
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { CommitError } from "../../core/base/errors.ts";
import { type ControlServer, serveControl } from "../../mount/control-server.ts";
import type { Driver, Mount, MountOptions } from "../../mount/driver.ts";
import { watchIdle } from "../../mount/idle.ts";
import { mountVault } from "../../mount/mount-vault.ts";
import { socketPathOf } from "../../mount/runtime-directory.ts";
import { compileForBursts } from "../../platform/node-engine.ts";
import { type CliContext, warn } from "../context.ts";
import type { OpenVault } from "../open-vault.ts";
import { describeError } from "../report-error.ts";

/** How often unmounting is tried again while programs have files open, in milliseconds. */
const RETRY_MS = 500;

/** What is to be served. */
export interface ServedMount {
  /** Taken over: closed when the mount ends. */
  readonly open: OpenVault;
  /** What `dvault status` calls the vault: the absolute path of its file. */
  readonly name: string;
  readonly mountpoint: string;
  readonly options: MountOptions;
  readonly driver: Driver;
  /** Time without use after which the mount ends, ms; never, when undefined. */
  readonly idleMs: number | undefined;
  /** Called once the mount answers. */
  ready(): void;
}

/**
 * Mounts and serves. Ends when the kernel has unmounted, `dvault unmount` asked for it, or the context's signal came;
 * the vault is closed by then.
 *
 * @throws UsageError MOUNT_FAILED; StoreError or CommitError when the last changes could not be made safe
 */
export async function serveMount(context: CliContext, served: ServedMount): Promise<void> {
  const { open, mountpoint, options, driver } = served;
  compileForBursts();
  try {
    const mount = await mountVault({ fs: open.fs, mountpoint, options, driver });
    const ending = new Ending(open, mount);
    const control = await serveRequests(served, mount, ending);
    const stopWatching = endWhenIdle(served, mount, ending);
    try {
      served.ready();
      if (!open.fs.readOnly) reclaimOrphans(context, open);
      await Promise.race([mount.ended, aborted(context.signal)]);
      await unmountWhenFree(context, open, mount);
      await ending.closeVault();
      await ending.answered();
    } finally {
      stopWatching();
      await control.close();
    }
  } finally {
    await open.close();
  }
}

/** The end of a mount, which may come from the kernel, a signal and `dvault unmount` at once. */
class Ending {
  readonly #open: OpenVault;
  readonly #mount: Mount;
  #closed: Promise<void> | undefined;
  #requested: Promise<void> | undefined;

  constructor(open: OpenVault, mount: Mount) {
    this.#open = open;
    this.#mount = mount;
  }

  /** Closes the vault, once. */
  closeVault(): Promise<void> {
    this.#closed ??= this.#open.close();
    return this.#closed;
  }

  /** What `dvault unmount` asks for. A mount whose last changes cannot be made safe stays. */
  unmount(): Promise<void> {
    this.#requested = this.#unmount();
    return this.#requested;
  }

  /** Resolves when whoever asked for the end has the answer. */
  async answered(): Promise<void> {
    await this.#requested?.catch(() => undefined);
    await nextTurn();
  }

  async #unmount(): Promise<void> {
    await commitUnlessFailed(this.#open);
    await this.#mount.unmount();
    await this.closeVault();
  }
}

/** Answers `dvault status` and `dvault unmount`. */
async function serveRequests(
  { open: { vault, fs }, name, options }: ServedMount,
  mount: Mount,
  ending: Ending,
): Promise<ControlServer> {
  const since = new Date().toISOString();
  try {
    return await serveControl({
      socketPath: await socketPathOf(mount.mountpoint),
      status: () => ({
        vault: name,
        mountpoint: mount.mountpoint,
        pid: process.pid,
        generation: vault.generation,
        unsafeBytes: vault.unsafeBytes + fs.draftBytes,
        readOnly: fs.readOnly || options.readOnly === true,
        driver: mount.driver,
        since,
      }),
      sync: () => vault.commit(),
      unmount: () => ending.unmount(),
    });
  } catch (error) {
    await mount.unmount();
    throw error;
  }
}

/** Ends a mount that nobody uses, where that is wanted. @returns stops watching */
function endWhenIdle({ idleMs }: ServedMount, mount: Mount, ending: Ending): () => void {
  if (idleMs === undefined) return () => undefined;
  const timer = (delayMs: number, body: () => void): (() => void) => {
    const armed = setTimeout(body, delayMs);
    return () => clearTimeout(armed);
  };
  return watchIdle({ mount, idleMs, unmount: () => ending.unmount(), timer });
}

/** Gives back what earlier sessions left behind, while calls are served already. */
function reclaimOrphans(context: CliContext, { fs }: OpenVault): void {
  fs.reclaimOrphans().catch((error: unknown) => {
    warn(context, `cannot give back files that were deleted before: ${describeError(error)}`);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Commits and unmounts; while files are open on the mount they are served, and it is tried again. */
async function unmountWhenFree(context: CliContext, open: OpenVault, mount: Mount): Promise<void> {
  let hasEnded = false;
  const ended = mount.ended.then(() => {
    hasEnded = true;
  });
  for (let tries = 0; !hasEnded; tries++) {
    try {
      await commitUnlessFailed(open);
      await mount.unmount();
      return;
    } catch (error) {
      if (tries === 0) warn(context, `${describeError(error)}; waiting`);
    }
    await Promise.race([ended, delay(RETRY_MS)]);
  }
}

/** A vault that has failed for good stands in nobody's way: closing it tells what was lost. */
async function commitUnlessFailed({ vault }: OpenVault): Promise<void> {
  try {
    await vault.commit();
  } catch (error) {
    if (!(error instanceof CommitError)) throw error;
  }
}
