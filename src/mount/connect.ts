/**
 * Makes the kernel connection of a mount: open `/dev/fuse` and mount(2) as root, the `fusermount3` handshake as anybody
 * else (fuse.ko's options are those of mount.fuse3(8)).
 *
 * @module
 */
import { closeSync } from "node:fs";
import { UsageError } from "../core/base/errors.ts";
import { shim } from "../native/load.ts";
import { SystemError } from "../native/system-error.ts";
import type { MountOptions } from "./driver.ts";
import { fusermount } from "./fusermount.ts";
import type { PermissionChecks } from "./permission-checks.ts";
import { MAX_TRANSFER } from "./protocol/init.ts";

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_NOATIME = 1024;
const EPERM = -1;

/** How the kernel is asked to mount. */
export interface ConnectOptions extends MountOptions {
  readonly permissionChecks: PermissionChecks;
}

/**
 * Mounts, without serving yet.
 *
 * @returns the descriptor of the connection
 * @throws UsageError MOUNT_FAILED saying what the machine lacks or refuses
 */
export async function connect(mountpoint: string, options: ConnectOptions): Promise<number> {
  if (process.geteuid?.() === 0) {
    const fd = mountAsRoot(mountpoint, options);
    if (fd !== undefined) return fd;
  }
  return mountAsUser(mountpoint, options);
}

/** @returns undefined when this root may not mount (a container) */
function mountAsRoot(mountpoint: string, options: ConnectOptions): number | undefined {
  const fd = shim().openFuse();
  if (fd < 0) throw noDevice(fd);
  const flags =
    (options.readOnly ? MS_RDONLY : 0) |
    (options.suid ? 0 : MS_NOSUID) |
    (options.devices ? 0 : MS_NODEV) |
    (options.noexec ? MS_NOEXEC : 0) |
    (options.atime === "noatime" ? MS_NOATIME : 0);
  const settings = [
    `fd=${fd}`,
    "rootmode=40000",
    "user_id=0",
    "group_id=0",
    ...kernelOptions(options),
  ];
  const status = shim().mount(options.source, mountpoint, flags, settings.join(","));
  if (status === 0) return fd;
  closeSync(fd);
  if (status === EPERM) return undefined;
  throw refusedBecause(mountpoint, new SystemError(status, "mount").code);
}

async function mountAsUser(mountpoint: string, options: ConnectOptions): Promise<number> {
  const pair = shim().socketpair();
  if (typeof pair === "number")
    throw refusedBecause(mountpoint, new SystemError(pair, "socketpair").code);
  const [ours, theirs] = pair;
  const source = options.source.replace(/[\\,]/g, "\\$&");
  const settings = [
    options.readOnly ? "ro" : "rw",
    ...(options.noexec ? ["noexec"] : []),
    ...(options.atime === "noatime" ? ["noatime"] : []),
    `fsname=${source}`,
    "subtype=dvault",
    ...kernelOptions(options),
  ];
  try {
    const complaint = await fusermount(["-o", settings.join(","), "--", mountpoint], theirs);
    if (complaint !== undefined) throw refusedBecause(mountpoint, complaint + hint(complaint));
    const fd = shim().receiveDescriptor(ours);
    if (fd < 0) throw refusedBecause(mountpoint, new SystemError(fd, "recvmsg").code);
    return fd;
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

/** What root can do about a refusal of `fusermount3`. */
function hint(complaint: string): string {
  if (complaint.includes("/dev/fuse") && complaint.includes("denied")) {
    return "; ordinary users may mount once root has run chmod 666 /dev/fuse";
  }
  if (complaint.includes("user_allow_other")) {
    return "; root can add that line, and then any user may let others into their mounts; or mount as root";
  }
  return "";
}

function kernelOptions({ permissionChecks, allowOther }: ConnectOptions): string[] {
  return [
    `max_read=${MAX_TRANSFER}`,
    ...(permissionChecks === "kernel" ? ["default_permissions"] : []),
    ...(allowOther ? ["allow_other"] : []),
  ];
}

function noDevice(status: number): UsageError {
  const { code } = new SystemError(status, "open");
  return new UsageError(
    "MOUNT_FAILED",
    `cannot open /dev/fuse (${code}); load the fuse module (modprobe fuse)`,
  );
}

function refusedBecause(mountpoint: string, reason: string): UsageError {
  return new UsageError("MOUNT_FAILED", `cannot mount on ${mountpoint}: ${reason}`);
}
