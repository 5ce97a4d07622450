/**
 * Asks the processes behind control sockets; the lines are described in `control-server.ts`.
 *
 * @module
 */
import { createConnection, type Socket } from "node:net";
import { DvaultError, type ErrorCode, UsageError } from "../core/base/errors.ts";
import { readLines } from "./control-line.ts";
import type { MountStatus } from "./mount-status.ts";
import { openSocketAddress } from "./socket-address.ts";

/** What can be asked. */
export type ControlRequest = "status" | "sync" | "unmount";

/** How long a status may take before the process counts as stuck. */
const STATUS_TIMEOUT_MS = 10_000;

/**
 * Status of the mount behind a socket.
 *
 * @throws UsageError NOT_MOUNTED when no process listens there, MOUNT_FAILED when it does not answer
 */
export async function askStatus(socketPath: string): Promise<MountStatus> {
  const answer = await ask(socketPath, "status", STATUS_TIMEOUT_MS);
  const status = (answer as { status?: unknown }).status;
  if (!isStatus(status)) throw new UsageError("MOUNT_FAILED", "the mount's process gave no status");
  return status;
}

/**
 * Asks for `sync` or `unmount` and waits, however long, until it is done.
 *
 * @throws UsageError NOT_MOUNTED when no process listens; else what the process answered
 */
export async function command(socketPath: string, request: "sync" | "unmount"): Promise<void> {
  await ask(socketPath, request);
}

/** Whether a live process listens on a socket. */
export async function isAnswered(socketPath: string): Promise<boolean> {
  try {
    const connection = await connect(socketPath);
    connection.destroy();
    return true;
  } catch {
    return false;
  }
}

async function ask(socketPath: string, request: ControlRequest, timeoutMs = 0): Promise<object> {
  const socket = await connect(socketPath);
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.write(`${JSON.stringify({ request })}\n`);
    const answer = await firstLine(socket);
    if (answer === undefined) {
      throw new UsageError("MOUNT_FAILED", `the mount's process gave no answer to ${request}`);
    }
    return accept(answer);
  } finally {
    socket.destroy();
  }
}

async function connect(socketPath: string): Promise<Socket> {
  try {
    const address = await openSocketAddress(socketPath);
    return await dial(address.path).finally(() => address.close());
  } catch (error) {
    throw unreachable(error);
  }
}

function unreachable(cause: unknown): UsageError {
  return new UsageError("NOT_MOUNTED", "no process serves this mount point", { cause });
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function firstLine(socket: Socket): Promise<string | undefined> {
  try {
    for await (const line of readLines(socket)) return line;
  } catch {
    // A connection that breaks is no answer either.
  }
  return undefined;
}

function accept(line: string): object {
  const answer = parse(line);
  if (answer.ok === true) return answer;
  const code = typeof answer.code === "string" ? (answer.code as ErrorCode) : "MOUNT_FAILED";
  const message =
    typeof answer.message === "string" ? answer.message : "the mount's process refused";
  throw new DvaultError(code, message);
}

function parse(line: string): { ok?: unknown; code?: unknown; message?: unknown } {
  try {
    const answer: unknown = JSON.parse(line);
    return typeof answer === "object" && answer !== null ? answer : {};
  } catch {
    return {};
  }
}

function isStatus(status: unknown): status is MountStatus {
  if (typeof status !== "object" || status === null) return false;
  const { vault, mountpoint, pid, generation, unsafeBytes, readOnly, driver, since } =
    status as Record<keyof MountStatus, unknown>;
  return (
    [vault, mountpoint, driver, since].every((text) => typeof text === "string") &&
    [pid, generation, unsafeBytes].every((count) => Number.isSafeInteger(count)) &&
    typeof readOnly === "boolean"
  );
}
