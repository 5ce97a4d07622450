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
  /**
   * Stops listening and removes the socket; resolves when the answers under way are out, so no handler may wait for it.
   */
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
  const conversations = new Conversations(handlers);
  const server = createServer((socket) => void conversations.hold(socket));
  const address = await openSocketAddress(socketPath);
  await listen(server, address.path);
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      conversations.finish();
      await closed;
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

/** The connections of a control socket. */
class Conversations {
  readonly #handlers: ControlHandlers;
  /** Those that wait for a request; the others are being answered. */
  readonly #idle = new Set<Socket>();
  #isFinishing = false;

  constructor(handlers: ControlHandlers) {
    this.#handlers = handlers;
  }

  /** Answers what a connection asks, line by line, until either side ends. */
  async hold(socket: Socket): Promise<void> {
    this.#idle.add(socket);
    try {
      for await (const line of readLines(socket)) {
        this.#idle.delete(socket);
        await write(socket, `${JSON.stringify(await answerTo(line, this.#handlers))}\n`);
        if (this.#isFinishing) break;
        this.#idle.add(socket);
      }
    } catch {
      // The other side went away; what it asked for is done all the same.
    }
    this.#idle.delete(socket);
    socket.destroy();
  }

  /** Ends every conversation, those under way after their answer. */
  finish(): void {
    this.#isFinishing = true;
    for (const socket of this.#idle) socket.destroy();
  }
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (error) => (error ? reject(error) : resolve()));
  });
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
