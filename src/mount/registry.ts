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
import type { MountStatus } from "./mount-status.ts";
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

/**
 * Unmounts: through the process that serves the mount, which answers when everything is safe; what a process that
 * died left behind is detached.
 *
 * @throws UsageError NOT_MOUNTED when no vault is mounted there, MOUNT_FAILED while files are open
 */
export async function requestUnmount(mountpoint: string): Promise<void> {
  const path = await canonicalPath(mountpoint);
  try {
    await command(await socketPathOf(path), "unmount");
  } catch (error) {
    if (!isNotMounted(error) || !(await detachDead(path))) throw notMounted(error, path);
  }
}

/**
 * Makes everything done on a mount safe.
 * @throws UsageError NOT_MOUNTED when no live process serves it
 */
export async function requestSync(mountpoint: string): Promise<void> {
  const path = await canonicalPath(mountpoint);
  try {
    await command(await socketPathOf(path), "sync");
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
