/**
 * Where control sockets stand: `$XDG_RUNTIME_DIR/dvault`, or `run` in dvault's state directory where there is none.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../core/base/errors.ts";

/**
 * The directory of control sockets, made when missing.
 *
 * @throws UsageError MOUNT_FAILED when others could enter it
 */
export async function runtimeDirectory(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const directory = placeOf(env);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const attributes = await lstat(directory);
  const isOurs = attributes.isDirectory() && attributes.uid === process.getuid?.();
  if (!isOurs || (attributes.mode & 0o077) !== 0) {
    throw new UsageError(
      "MOUNT_FAILED",
      `${directory} must be a directory of your own that nobody else can enter; run chmod 700 on it`,
    );
  }
  return directory;
}

/**
 * Path of the control socket of a mount.
 * @param mountpoint - canonical, as `canonicalPath` gives it
 */
export async function socketPathOf(mountpoint: string, env?: NodeJS.ProcessEnv): Promise<string> {
  const name = createHash("sha256").update(mountpoint).digest("hex").slice(0, 16);
  return join(await runtimeDirectory(env), `${name}.sock`);
}

function placeOf(env: NodeJS.ProcessEnv): string {
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime !== undefined && runtime !== "") return join(runtime, "dvault");
  const state = env.XDG_STATE_HOME;
  const base = state !== undefined && state !== "" ? state : join(homedir(), ".local", "state");
  return join(base, "dvault", "run");
}
