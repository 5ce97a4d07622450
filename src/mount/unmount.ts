/**
 * Letting go of a mount: umount2(2) as root, `fusermount3 -u` as anybody else.
 *
 * @module
 */
import { UsageError } from "../core/base/errors.ts";
import { shim } from "../native/load.ts";
import { SystemError } from "../native/system-error.ts";
import { isDead } from "./dead-mount.ts";
import { fusermount } from "./fusermount.ts";
import { MOUNT_TYPE, mountAt } from "./mount-table.ts";

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const EBUSY = -16;

/** `clean` refuses while files are open; `detach` takes the mount out of sight at once. */
export type UnmountMode = "clean" | "detach";

/**
 * Unmounts what one sees at a mount point.
 * @throws UsageError MOUNT_FAILED
 */
export async function unmountPath(mountpoint: string, mode: UnmountMode): Promise<void> {
  const failure =
    process.geteuid?.() === 0 ? await asRoot(mountpoint, mode) : await asUser(mountpoint, mode);
  if (failure !== undefined) throw new UsageError("MOUNT_FAILED", failure);
}

/**
 * Takes away the mount of a dvault process that is gone.
 * @returns false when there is none at this path
 */
export async function detachDead(mountpoint: string): Promise<boolean> {
  const entry = await mountAt(mountpoint);
  if (entry?.type !== MOUNT_TYPE || !(await isDead(mountpoint))) return false;
  await unmountPath(mountpoint, "detach");
  return true;
}

async function asRoot(mountpoint: string, mode: UnmountMode): Promise<string | undefined> {
  const flags = UMOUNT_NOFOLLOW | (mode === "detach" ? MNT_DETACH : 0);
  const status = await shim().umount(mountpoint, flags);
  if (status === EBUSY) return busy(mountpoint);
  return status < 0
    ? `cannot unmount ${mountpoint}: ${new SystemError(status, "umount").code}`
    : undefined;
}

async function asUser(mountpoint: string, mode: UnmountMode): Promise<string | undefined> {
  const complaint = await fusermount([
    "-u",
    ...(mode === "detach" ? ["-z"] : []),
    "--",
    mountpoint,
  ]);
  if (complaint?.includes("busy")) return busy(mountpoint);
  return complaint === undefined ? undefined : `cannot unmount ${mountpoint}: ${complaint}`;
}

function busy(mountpoint: string): string {
  return `${mountpoint} is busy: close the programs that use it (fuser -vm shows them) and try again`;
}
