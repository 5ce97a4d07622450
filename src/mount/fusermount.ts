/**
 * Runs `fusermount3`, the set-user-ID program that mounts and unmounts for ordinary users.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { UsageError } from "../core/base/errors.ts";

/**
 * Runs it to its end.
 *
 * @param socket - descriptor over which it sends that of `/dev/fuse`; absent for unmounting
 * @returns what it complained about, or undefined when it succeeded
 * @throws UsageError MOUNT_FAILED when it is not installed
 */
export async function fusermount(
  args: readonly string[],
  socket?: number,
): Promise<string | undefined> {
  const child = spawn("fusermount3", args, {
    stdio: ["ignore", "ignore", "pipe", socket ?? "ignore"],
    env: { PATH: process.env.PATH, LC_ALL: "C", _FUSE_COMMFD: "3" },
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(notInstalled(error)));
    child.once("close", (status) => resolve(status));
  });
  const [status, complaint] = await Promise.all([
    exit,
    text(child.stderr as NodeJS.ReadableStream),
  ]);
  if (status === 0) return undefined;
  return (
    complaint.split("\n", 1)[0]?.replace(/^fusermount3: /, "") ||
    `fusermount3 ended with status ${status}`
  );
}

function notInstalled(cause: Error): UsageError {
  return new UsageError("MOUNT_FAILED", "cannot run fusermount3; install the package fuse3", {
    cause,
  });
}
