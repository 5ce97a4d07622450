/**
 * Serves one mount until it is unmounted or told to stop, and leaves everything safe.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type ControlServer, serveControl } from "../../mount/control-server.ts";
import type { Mount, MountOptions } from "../../mount/driver.ts";
import { mountVault } from "../../mount/mount-vault.ts";
import { socketPathOf } from "../../mount/runtime-directory.ts";
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
  let closed: Promise<void> | undefined;
  const closeVault = (): Promise<void> => {
    closed ??= served.open.close();
    return closed;
  };
  try {
    const mount = await startMount(served);
    const control = await serveRequests(served, mount, closeVault);
    try {
      served.ready();
      if (!served.open.fs.readOnly) reclaimOrphans(context, served.open);
      await Promise.race([mount.ended, aborted(context.signal)]);
      await unmountWhenFree(context, mount);
      await closeVault();
    } finally {
      await control.close();
    }
  } finally {
    await closeVault();
  }
}

/** Gives back what earlier sessions left behind, while calls are served already. */
function reclaimOrphans(context: CliContext, { fs }: OpenVault): void {
  fs.reclaimOrphans().catch((error: unknown) => {
    warn(context, `cannot give back files that were deleted before: ${describeError(error)}`);
  });
}

function startMount({ open, mountpoint, options }: ServedMount): Promise<Mount> {
  return mountVault({ fs: open.fs, mountpoint, options });
}

/** Answers `dvault status` and `dvault unmount`. */
async function serveRequests(
  { open: { vault, fs }, name, options }: ServedMount,
  mount: Mount,
  closeVault: () => Promise<void>,
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
      unmount: async () => {
        await vault.commit();
        await mount.unmount();
        await closeVault();
      },
    });
  } catch (error) {
    await mount.unmount();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Unmounts; while files are open on the mount they are served, and it is tried again. */
async function unmountWhenFree(context: CliContext, mount: Mount): Promise<void> {
  let hasEnded = false;
  const ended = mount.ended.then(() => {
    hasEnded = true;
  });
  for (let tries = 0; !hasEnded; tries++) {
    try {
      await mount.unmount();
      return;
    } catch (error) {
      if (tries === 0) warn(context, `${describeError(error)}; waiting`);
    }
    await Promise.race([ended, delay(RETRY_MS)]);
  }
}
