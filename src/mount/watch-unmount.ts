/**
 * Notices that a mount has gone, whoever took it away, without looking again and again: findmnt(8) sleeps in poll(2) on
 * the mount table until it changes.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { UsageError } from "../core/base/errors.ts";
import { mountAt } from "./mount-table.ts";

/** A watch that runs. */
export interface UnmountWatch {
  /** Ends when nothing is mounted there any more. */
  readonly gone: Promise<void>;
  stop(): void;
}

/**
 * Watches a mount point on which something is mounted.
 * @throws UsageError MOUNT_FAILED when findmnt cannot be run
 */
export async function watchUnmount(mountpoint: string): Promise<UnmountWatch> {
  const child = spawn("findmnt", ["--poll=umount", "--noheadings", "--mountpoint", mountpoint], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    cwd: "/",
  });
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw notInstalled(cause);
  }
  const gone = new Promise<void>((resolve) => {
    const look = async (): Promise<void> => {
      if ((await mountAt(mountpoint)) !== undefined) return;
      child.kill();
      resolve();
    };
    child.stdout.on("data", () => void look());
    child.once("exit", () => resolve());
  });
  return { gone, stop: () => void child.kill() };
}

function notInstalled(cause: unknown): UsageError {
  const message = "cannot run findmnt; install the package util-linux";
  return new UsageError("MOUNT_FAILED", message, { cause });
}
