/**
 * Serves one mount until it is unmounted or told to stop, and leaves everything safe.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";
import type { FileSystem } from "../../core/fs/file-system.ts";
import { FileSystemWithSnapshots } from "../../core/fs/snapshots/file-system-with-snapshots.ts";
import type { SnapshotWork } from "../../mount/control-messages.ts";
import { type ControlServer, serveControl } from "../../mount/control-server.ts";
import type { Driver, Mount, MountOptions } from "../../mount/driver.ts";
import { watchIdle } from "../../mount/idle.ts";
import type { MountStatus } from "../../mount/mount-status.ts";
import { mountVault } from "../../mount/mount-vault.ts";
import { socketPathOf } from "../../mount/runtime-directory.ts";
import { nodePlatform } from "../../platform/node-platform.ts";
import type { SegmentStore } from "../../stores/segments/segment-store.ts";
import { type CliContext, warn } from "../context.ts";
import type { OpenVault } from "../open-vault.ts";
import { cleanUp, publishAll } from "../remote-work.ts";
import { describeError } from "../report-error.ts";
import { RotationJob } from "../rotation/rotation-job.ts";
import { keepSnapshots } from "../snapshots/keep-snapshots.ts";
import type { Retention } from "../snapshots/retention.ts";
import { snapshotsOfVault } from "../snapshots/snapshots-of-vault.ts";
import { Ending } from "./ending.ts";
import { followWriter } from "./follower.ts";

/** What is to be served. */
export interface ServedMount {
  /** Taken over: closed when the mount ends. */
  readonly open: OpenVault;
  /** What `dvault status` calls the vault: its place. */
  readonly name: string;
  readonly mountpoint: string;
  readonly options: MountOptions;
  /** Time between two looks for a newer commit of a remote vault that is mounted read-only, ms; 0 for never. */
  readonly followMs: number;
  readonly driver: Driver;
  /** Shows the vault as a snapshot has it instead of as it is. */
  readonly fs?: FileSystem | undefined;
  /** Snapshots to be made and kept while the mount lasts. */
  readonly keep?: Retention | undefined;
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
export async function serveMount(context: CliContext, requested: ServedMount): Promise<void> {
  const rotation = new RotationJob(context, requested.open);
  const served = { ...requested, open: closedAfter(rotation, requested.open) };
  const { open, mountpoint, options, driver } = served;
  try {
    const mount = await mountVault({ fs: shownIn(served), mountpoint, options, driver });
    const ending = new Ending(open, mount, context.signal);
    const control = await serveRequests(served, mount, ending, rotation);
    const stopWatching = endWhenIdle(served, mount, ending);
    const unfollow = new AbortController();
    const following = follow(context, served, mount, unfollow.signal);
    const keeping = keep(context, served, mount, unfollow.signal);
    try {
      served.ready();
      if (open.remote !== undefined) watchPublishing(context, open.remote);
      if (!open.fs.readOnly) reclaimOrphans(context, open);
      rotation.start();
      void mount.ended.then(() => rotation.stop());
      await Promise.race([mount.ended, aborted(context.signal)]);
      await ending.finish(context);
    } finally {
      stopWatching();
      unfollow.abort();
      await following;
      await keeping;
      await control.close();
    }
  } finally {
    await open.close();
  }
}

/** A vault that is closed once the work behind a change of its key has stopped. */
function closedAfter(rotation: RotationJob, open: OpenVault): OpenVault {
  const close = async (): Promise<void> => {
    await rotation.stop();
    await open.close();
  };
  return { ...open, close };
}

/** Work on snapshots, after which what was brought back from under an older vault key is written anew. */
function renewedAfter(rotation: RotationJob, snapshots: SnapshotWork): SnapshotWork {
  return {
    ...snapshots,
    restore: async (name, wish) => {
      try {
        return await snapshots.restore(name, wish);
      } finally {
        rotation.start();
      }
    },
  };
}

/** The vault with its snapshots in it, unless one of them is what is mounted. */
function shownIn({ open: { fs, vault }, fs: other }: ServedMount): FileSystem {
  const { snapshots } = vault;
  return other ?? new FileSystemWithSnapshots({ fs, snapshots, options: nodePlatform });
}

/** Makes and deletes snapshots as the mount's policy says. */
async function keep(
  context: CliContext,
  { open: { vault }, keep }: ServedMount,
  { notifier }: Mount,
  signal: AbortSignal,
): Promise<void> {
  if (keep !== undefined && !vault.readOnly) {
    await keepSnapshots(context, { vault, notifier, retention: keep }, signal);
  }
}

/** Follows the writer elsewhere, where there may be one. */
async function follow(
  context: CliContext,
  { open, followMs: everyMs, fs: other }: ServedMount,
  { notifier }: Mount,
  signal: AbortSignal,
): Promise<void> {
  if (other !== undefined) return;
  if (open.remote?.readOnly !== true || everyMs === 0) return;
  await followWriter(context, { open, notifier, everyMs }, signal);
}

/** Answers what is asked over the control socket. */
async function serveRequests(
  served: ServedMount,
  mount: Mount,
  ending: Ending,
  rotation: RotationJob,
): Promise<ControlServer> {
  const { open } = served;
  const { vault, remote } = open;
  const since = new Date().toISOString();
  try {
    return await serveControl({
      socketPath: await socketPathOf(mount.mountpoint),
      status: () => ({ ...statusOf(served, mount, since), rotation: rotation.status }),
      sync: () => vault.commit(),
      flush: async (asker) => {
        if (!vault.readOnly) await vault.commit();
        if (remote === undefined || remote.readOnly) return { pendingBytes: 0, pendingCommits: 0 };
        return publishAll(remote, asker);
      },
      gc: async (dryRun, asker) => {
        if (!vault.readOnly) await vault.commit();
        return cleanUp(remoteOf(served), dryRun, asker);
      },
      snapshots: renewedAfter(rotation, snapshotsOfVault(open, mount.notifier)),
      rotate: (change, asker) => rotation.rotate(change, asker),
      unmount: (wait, asker) => ending.unmount(wait, asker),
    });
  } catch (error) {
    await mount.unmount();
    throw error;
  }
}

function statusOf(
  { open: { vault, fs, remote }, name, options }: ServedMount,
  mount: Mount,
  since: string,
): MountStatus {
  return {
    vault: name,
    mountpoint: mount.mountpoint,
    pid: process.pid,
    generation: vault.generation,
    unsafeBytes: vault.isSafe ? 0 : vault.dirtyBytes + fs.draftBytes,
    readOnly: fs.readOnly || options.readOnly === true,
    driver: mount.driver,
    since,
    ...(remote === undefined ? {} : { remote: remote.status() }),
  };
}

/** @throws UsageError USAGE for a vault in a file */
function remoteOf({ open, name }: ServedMount): SegmentStore {
  if (open.remote !== undefined) return open.remote;
  throw new UsageError("USAGE", `${name} is a file, which uses its room again by itself`);
}

/** Says, once for each reason, that publishing has stopped: the mount goes on, and keeps its commits on this machine. */
function watchPublishing(context: CliContext, remote: SegmentStore): void {
  let told: string | undefined;
  remote.onTrouble = (error) => {
    const reason = describeError(error);
    if (reason === told) return;
    told = reason;
    warn(
      context,
      `publishing has stopped, changes stay on this machine: ${reason}; dvault flush tries again at once`,
    );
  };
}

/** Ends a mount that nobody uses, where that is wanted. @returns stops watching */
function endWhenIdle({ idleMs }: ServedMount, mount: Mount, ending: Ending): () => void {
  if (idleMs === undefined) return () => undefined;
  const timer = (delayMs: number, body: () => void): (() => void) => {
    const armed = setTimeout(body, delayMs);
    return () => clearTimeout(armed);
  };
  const nobody = { signal: new AbortController().signal, tell: () => undefined };
  // Whatever waits to be published has been tried for long by now, and is left to the next mount.
  const unmount = async (): Promise<void> => {
    await ending.unmount(false, nobody);
  };
  return watchIdle({ mount, idleMs, unmount, timer });
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
