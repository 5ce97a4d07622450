/**
 * Asks the processes behind control sockets; the lines are described in `control-messages.ts`.
 *
 * @module
 */

import { createConnection, type Socket } from "node:net";
import { UsageError } from "../core/base/errors.ts";
import { readAnswer } from "./control-answer.ts";
import { readLines } from "./control-line.ts";
import type { Asker, ControlRequest } from "./control-messages.ts";
import type { MountStatus } from "./mount-status.ts";
import { openSocketAddress } from "./socket-address.ts";

/** How long a status may take before the process counts as stuck. */
const STATUS_TIMEOUT_MS = 10_000;

/** How long an answer may take when nobody wants to wait any longer. */
const LEAVE_TIMEOUT_MS = 15_000;

/**
 * Status of the mount behind a socket.
 *
 * @throws UsageError NOT_MOUNTED when no process listens there, MOUNT_FAILED when it does not answer
 */
export async function askStatus(socketPath: string): Promise<MountStatus> {
  const socket = await connect(socketPath);
  try {
    socket.setTimeout(STATUS_TIMEOUT_MS, () => socket.destroy());
    say(socket, { request: "status" });
    return (await readAnswer("status", readLines(socket), () => {})) as MountStatus;
  } finally {
    socket.destroy();
  }
}

/**
 * Asks for something that takes its time, and waits until it is done.
 *
 * @param asker - when it does not want to wait any longer, the process says soon how things stand
 * @returns the answer's result
 * @throws UsageError NOT_MOUNTED when no process listens; else what the process answered
 */
export async function command(
  socketPath: string,
  request: ControlRequest,
  asker?: Asker,
): Promise<unknown> {
  const socket = await connect(socketPath);
  const leave = (): void => {
    say(socket, { request: "leave" });
    socket.setTimeout(LEAVE_TIMEOUT_MS, () => socket.destroy());
  };
  asker?.signal.addEventListener("abort", leave, { once: true });
  try {
    say(socket, request);
    if (asker?.signal.aborted) leave();
    const lines = readLines(socket);
    return await readAnswer(request.request, lines, (progress) => asker?.tell(progress));
  } finally {
    asker?.signal.removeEventListener("abort", leave);
    socket.destroy();
  }
}

function say(socket: Socket, request: ControlRequest): void {
  socket.write(`${JSON.stringify(request)}\n`);
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
