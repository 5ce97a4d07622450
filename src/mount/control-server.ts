/**
 * The control socket of a mount's process, and who is asked there; `control-messages.ts` has what is said.
 *
 * The socket stands in a directory that only its user can enter; nothing else guards it.
 *
 * @module
 */

import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { UsageError } from "../core/base/errors.ts";
import { parseJsonObject } from "../core/base/json.ts";
import { answerRequest, type ControlWork } from "./answer-request.ts";
import { isAnswered } from "./control-client.ts";
import { readLines } from "./control-line.ts";
import type { Asker } from "./control-messages.ts";
import { changeLines, hasChanges } from "./control-parts.ts";
import { openSocketAddress } from "./socket-address.ts";

/** What the process behind a control socket does when asked, and where. */
export interface ControlHandlers extends ControlWork {
  /** Where to listen: `socketPathOf` of the mount point. */
  readonly socketPath: string;
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
      const lines = readLines(socket);
      let line = await nextRequest(lines, new AbortController());
      while (line !== undefined) {
        this.#idle.delete(socket);
        const leaving = new AbortController();
        const following = nextRequest(lines, leaving);
        await this.#answer(socket, line, leaving.signal);
        if (this.#isFinishing) break;
        this.#idle.add(socket);
        line = await following;
      }
    } catch {
      // The other side went away; what it asked for is done all the same.
    }
    this.#idle.delete(socket);
    socket.destroy();
  }

  async #answer(socket: Socket, line: string, signal: AbortSignal): Promise<void> {
    const asker: Asker = {
      signal,
      tell: (progress) => {
        if (socket.writable) socket.write(`${JSON.stringify({ progress })}\n`);
      },
    };
    const answer = await answerRequest(line, this.#handlers, asker);
    const { result } = answer;
    if (!hasChanges(result)) {
      await write(socket, `${JSON.stringify(answer)}\n`);
      return;
    }
    for (const part of changeLines(result.changes)) await write(socket, `${part}\n`);
    const { changes, ...rest } = result;
    await write(socket, `${JSON.stringify({ ...answer, result: rest })}\n`);
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

/** The next line that is more than the wish not to wait any longer; undefined at the end of the connection. */
async function nextRequest(
  lines: AsyncGenerator<string>,
  leaving: AbortController,
): Promise<string | undefined> {
  try {
    for (;;) {
      const { value, done } = await lines.next();
      if (done !== true && parseJsonObject(value).request !== "leave") return value;
      leaving.abort(new UsageError("CANCELLED", "stopped"));
      if (done === true) return undefined;
    }
  } catch {
    leaving.abort(new UsageError("CANCELLED", "stopped"));
    return undefined;
  }
}
