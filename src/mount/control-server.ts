/**
 * The control socket of a mount's process: one JSON line asks, one JSON line answers.
 *
 *     {"request":"status"}   ->  {"ok":true,"status":{...}}
 *     {"request":"sync"}     ->  {"ok":true}
 *     {"request":"unmount"}  ->  {"ok":true}
 *     refused or failed      ->  {"ok":false,"code":"MOUNT_FAILED","message":"..."}
 *
 * The socket stands in a directory that only its user can enter; nothing else guards it.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { DvaultError, UsageError } from "../core/base/errors.ts";
import { isAnswered } from "./control-client.ts";
import { readLines } from "./control-line.ts";
import type { MountStatus } from "./mount-status.ts";
import { openSocketAddress } from "./socket-address.ts";

/** What the process behind a control socket does when asked. */
export interface ControlHandlers {
  /** Where to listen: `socketPathOf` of the mount point. */
  readonly socketPath: string;
  status(): MountStatus;
  /** Resolves when everything done so far is safe. */
  sync(): Promise<void>;
  /** Resolves when the mount is gone and everything is safe; the answer goes out then. */
  unmount(): Promise<void>;
}

/** A listening control socket. */
export interface ControlServer {
  /** Removes the socket; resolves when the answers under way are out. */
  close(): Promise<void>;
}

/**
 * Listens on a mount's control socket; a stale socket in its place is replaced.
 *
 * @throws UsageError MOUNT_FAILED when a live process already listens there
 */
export async function serveControl(handlers: ControlHandlers): Promise<ControlServer> {
  const { socketPath } = handlers;
  if (await isAnswered(socketPath)) {
    throw new UsageError(
      "MOUNT_FAILED",
      "another process already serves this mount point; unmount it first",
    );
  }
  await rm(socketPath, { force: true });
  const conversations = new Set<Socket>();
  const server = createServer((socket) => {
    conversations.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => conversations.delete(socket));
    void converse(socket, handlers);
  });
  const address = await openSocketAddress(socketPath);
  await listen(server, address.path);
  return {
    close: async () => {
      await closeServer(server, conversations);
      await address.close();
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closeServer(server: Server, conversations: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of conversations) socket.end();
  });
}

async function converse(socket: Socket, handlers: ControlHandlers): Promise<void> {
  try {
    for await (const line of readLines(socket)) {
      const answer = await answerTo(line, handlers);
      if (!socket.writable) return;
      socket.write(`${JSON.stringify(answer)}\n`);
    }
  } catch {
    // The other side went away; what it asked for is done all the same.
  } finally {
    socket.end();
  }
}

async function answerTo(line: string, handlers: ControlHandlers): Promise<object> {
  try {
    switch (requestOf(line)) {
      case "status":
        return { ok: true, status: handlers.status() };
      case "sync":
        await handlers.sync();
        return { ok: true };
      case "unmount":
        await handlers.unmount();
        return { ok: true };
      default:
        return { ok: false, code: "USAGE", message: "unknown request" };
    }
  } catch (error) {
    if (error instanceof DvaultError)
      return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: "MOUNT_FAILED", message: String(error) };
  }
}

function requestOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { request?: unknown } | null)?.request;
  } catch {
    return undefined;
  }
}
