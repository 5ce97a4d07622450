/**
 * What a directory must be like to be mounted on.
 *
 * @module
 */
import { opendir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../core/base/errors.ts";
import { mountAt } from "./mount-table.ts";
import { detachDead } from "./unmount.ts";

/**
 * Checks a mount point, and takes away a dead dvault mount that is in the way.
 *
 * @returns its canonical path
 * @throws UsageError MOUNT_FAILED saying what is wrong with it
 */
export async function prepareMountpoint(path: string): Promise<string> {
  const mountpoint = await canonicalPath(path);
  await detachDead(mountpoint);
  const existing = await mountAt(mountpoint);
  if (existing !== undefined) {
    throw unfit(
      `${mountpoint} is already a mount point (${existing.type}); unmount it first or choose another`,
    );
  }
  if (!(await isEmpty(mountpoint))) {
    throw unfit(`${mountpoint} is not empty; mount on an empty directory`);
  }
  return mountpoint;
}

/**
 * Absolute path without symbolic links; the last component may be a mount that does not answer.
 *
 * @throws UsageError MOUNT_FAILED when the directory it stands in cannot be reached
 */
export async function canonicalPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    return join(await realpathOfParent(absolute), basename(absolute));
  }
}

async function realpathOfParent(path: string): Promise<string> {
  try {
    return await realpath(dirname(path));
  } catch (cause) {
    throw unfit(`${path}: ${reason(cause)}`, cause);
  }
}

async function isEmpty(mountpoint: string): Promise<boolean> {
  try {
    const directory = await opendir(mountpoint);
    try {
      return (await directory.read()) === null;
    } finally {
      await directory.close();
    }
  } catch (cause) {
    throw unfit(`${mountpoint}: ${reason(cause)}`, cause);
  }
}

function reason(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return "there is no such directory; make it first";
    case "ENOTDIR":
      return "not a directory";
    case "EACCES":
      return "permission denied";
    case "ENOTCONN":
      return "a mount whose process is gone is in the way; unmount it first";
    default:
      return `cannot be opened (${code ?? "unknown error"})`;
  }
}

function unfit(message: string, cause?: unknown): UsageError {
  return new UsageError("MOUNT_FAILED", message, { cause });
}
