/**
 * Leaves this program behind as a process of its own that serves a mount.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { directories } from "../config/directories.ts";
import type { CliContext } from "../context.ts";
import { HANDOVER_FD, type MountSecrets, receiveOutcome, sendSecrets } from "./handover.ts";

/** A log that has grown over this is put aside at the next mount, bytes. */
const LOG_MAX = 1 << 20;

/** Variables that secrets come in; they are handed over. */
const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  "DVAULT_PASSWORD",
  "DVAULT_RECOVERY_CODE",
  "DVAULT_DISCORD_TOKEN",
  "DVAULT_DISCORD_WEBHOOKS",
]);

/** What the background process is to do. */
export interface BackgroundMount {
  /** Arguments that make it mount and take its secrets from the handover. */
  readonly args: readonly string[];
  /** Canonical path; the log is named after it. */
  readonly mountpoint: string;
  /** Borrowed until the promise ends. */
  readonly secrets: MountSecrets;
}

/**
 * Starts the process and waits until the mount answers.
 *
 * @returns its id
 * @throws DvaultError what the process met before it was ready
 */
export async function mountInBackground(
  context: CliContext,
  { args, mountpoint, secrets }: BackgroundMount,
): Promise<number> {
  const [executable = process.execPath, ...script] = context.self;
  const { path: logPath, fd: log } = openLog(context, mountpoint);
  const env = withoutSecrets(context.env);
  const child = spawn(executable, [...script, ...args], {
    cwd: "/",
    detached: true,
    env,
    stdio: ["ignore", log, log, "pipe"],
  });
  closeSync(log);
  const stop = (): void => {
    child.kill();
  };
  context.signal.addEventListener("abort", stop);
  try {
    const handover = child.stdio[HANDOVER_FD] as Duplex;
    sendSecrets(handover, secrets);
    await receiveOutcome(handover, logPath);
    context.signal.throwIfAborted();
  } finally {
    context.signal.removeEventListener("abort", stop);
  }
  child.unref();
  return child.pid ?? 0;
}

/** What a process that lives on may keep of the environment: no secret. */
function withoutSecrets(env: CliContext["env"]): CliContext["env"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET_VARIABLES.has(name)));
}

interface Log {
  readonly path: string;
  readonly fd: number;
}

/** Opens the log of a mount point for appending, readable by its owner only. */
function openLog(context: CliContext, mountpoint: string): Log {
  const { state } = directories(context.env);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const name = mountpoint.replace(/^\/+/, "").replaceAll(/[^A-Za-z0-9._-]+/g, "-");
  const path = join(state, `mount-${name.slice(-200)}.log`);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_MAX) renameSync(path, `${path}.old`);
  return { path, fd: openSync(path, "a", 0o600) };
}
