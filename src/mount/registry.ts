/**
 * The live mounts of this user. There is no list besides the control sockets themselves, so none can be wrong:
 * a mount is live when its socket answers, and a socket nobody answers is removed.
 *
 * @module
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../core/base/errors.ts";
import { askStatus, command } from "./control-client.ts";
import type {
  Asker,
  CleaningResult,
  ControlRequest,
  KeyChange,
  RotationResult,
  SnapshotDiff,
  SnapshotRecord,
  SnapshotRestoration,
  SnapshotWork,
} from "./control-messages.ts";
import type { MountStatus, Unpublished } from "./mount-status.ts";
import { canonicalPath } from "./mountpoint.ts";
import { runtimeDirectory, socketPathOf } from "./runtime-directory.ts";
import { detachDead } from "./unmount.ts";

/** All live mounts of this user, by mount point. A process that is stuck is left out. */
export async function listMounts(): Promise<MountStatus[]> {
  const directory = await runtimeDirectory();
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sock"));
  const found = await Promise.all(names.map((name) => statusOrNone(join(directory, name))));
  const mounts = found.filter((status) => status !== undefined);
  return mounts.sort((a, b) => (a.mountpoint < b.mountpoint ? -1 : 1));
}

/** How to unmount. */
export interface UnmountOptions {
  /** Whether to publish everything before; true when left out. */
  readonly wait?: boolean;
  readonly asker?: Asker;
}

/**
 * Unmounts: through the process that serves the mount, which answers when everything is safe; what a process that
 * died left behind is detached.
 *
 * @returns what the next mount has to publish; undefined where nothing ever is
 * @throws UsageError NOT_MOUNTED when no vault is mounted there, MOUNT_FAILED while files are open
 */
export async function requestUnmount(
  mountpoint: string,
  { wait = true, asker }: UnmountOptions = {},
): Promise<Unpublished | undefined> {
  const path = await canonicalPath(mountpoint);
  try {
    const request: ControlRequest = { request: "unmount", wait };
    const left = await command(await socketPathOf(path), request, asker);
    return left as Unpublished | undefined;
  } catch (error) {
    if (!isNotMounted(error) || !(await detachDead(path))) throw notMounted(error, path);
    return undefined;
  }
}

/**
 * Makes everything done on a mount safe.
 * @throws UsageError NOT_MOUNTED when no live process serves it
 */
export async function requestSync(mountpoint: string): Promise<void> {
  await ask(mountpoint, { request: "sync" });
}

/**
 * Publishes everything done on a mount. Publishing goes on when the asker leaves.
 * @returns what is not published yet: nothing, unless the asker left
 * @throws UsageError NOT_MOUNTED; StoreError, CommitError when time does not heal what hinders it
 */
export async function requestFlush(mountpoint: string, asker?: Asker): Promise<Unpublished> {
  return (await ask(mountpoint, { request: "flush" }, asker)) as Unpublished;
}

/**
 * Cleans the objects of a mounted vault; stops, to be resumed by the next cleaning, when the asker leaves.
 * @throws UsageError NOT_MOUNTED, CANCELLED; StoreError, CommitError
 */
export async function requestCleaning(
  mountpoint: string,
  dryRun: boolean,
  asker?: Asker,
): Promise<CleaningResult> {
  return (await ask(mountpoint, { request: "gc", dryRun }, asker)) as CleaningResult;
}

/**
 * Changes the vault key of a mounted vault, or waits for the work behind an earlier change. That goes on when the asker leaves.
 * @throws UsageError NOT_MOUNTED; KeyError WRONG_KEY; PageError's codes; StoreError, CommitError
 */
export async function requestRotation(
  mountpoint: string,
  change: KeyChange | undefined,
  asker: Asker,
): Promise<RotationResult> {
  return (await ask(mountpoint, { request: "rotate", change }, asker)) as RotationResult;
}

/** The snapshots of a mounted vault. Each call throws UsageError NOT_MOUNTED; FsError's codes; StoreError, CommitError. */
export function snapshotsOfMount(mountpoint: string): SnapshotWork {
  const change = async (
    request: "create-snapshot" | "delete-snapshot",
    name: string,
  ): Promise<SnapshotRecord> => (await ask(mountpoint, { request, name })) as SnapshotRecord;
  return {
    list: async () => (await ask(mountpoint, { request: "snapshots" })) as SnapshotRecord[],
    create: (name) => change("create-snapshot", name),
    delete: (name) => change("delete-snapshot", name),
    diff: async (from, to) => {
      const diff = await ask(mountpoint, { request: "diff-snapshots", from, to });
      return { changes: [], ...(diff as Omit<SnapshotDiff, "changes">) };
    },
    restore: async (name, wish) => {
      const done = await ask(mountpoint, { request: "restore-snapshot", name, ...wish });
      return { changes: [], ...(done as Omit<SnapshotRestoration, "changes">) };
    },
  };
}

async function ask(mountpoint: string, request: ControlRequest, asker?: Asker): Promise<unknown> {
  const path = await canonicalPath(mountpoint);
  try {
    return await command(await socketPathOf(path), request, asker);
  } catch (error) {
    throw notMounted(error, path);
  }
}

async function statusOrNone(socketPath: string): Promise<MountStatus | undefined> {
  try {
    return await askStatus(socketPath);
  } catch (error) {
    if (isNotMounted(error)) await rm(socketPath, { force: true });
    return undefined;
  }
}

function isNotMounted(error: unknown): boolean {
  return error instanceof UsageError && error.code === "NOT_MOUNTED";
}

function notMounted(error: unknown, path: string): unknown {
  if (!isNotMounted(error)) return error;
  return new UsageError("NOT_MOUNTED", `no vault is mounted on ${path}`, { cause: error });
}
