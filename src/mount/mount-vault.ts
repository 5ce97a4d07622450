/**
 * Mounts a file system: checks the mount point, heals a stale one, and hands over to a driver.
 *
 * @module
 */
import type { FileSystem } from "../core/fs/file-system.ts";
import type { Driver, Mount, MountOptions } from "./driver.ts";
import { kernelDriver } from "./kernel-driver.ts";
import { prepareMountpoint } from "./mountpoint.ts";
import { ShownFileSystem } from "./shown-file-system.ts";

/** What to mount where, and how. */
export interface MountRequest {
  readonly fs: FileSystem;
  /** An empty directory; may be relative. */
  readonly mountpoint: string;
  readonly options: MountOptions;
  /** Defaults to our own shim. */
  readonly driver?: Driver;
}

/**
 * Mounts, and resolves when the mount answers.
 *
 * @throws UsageError MOUNT_FAILED: one line saying what is wrong with the mount point or the machine
 */
export async function mountVault(request: MountRequest): Promise<Mount> {
  const mountpoint = await prepareMountpoint(request.mountpoint);
  const driver = request.driver ?? kernelDriver;
  const { shownAs } = request.options;
  const fs = shownAs === undefined ? request.fs : new ShownFileSystem(request.fs, shownAs);
  return driver.mount(fs, mountpoint, request.options);
}
