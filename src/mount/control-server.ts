/**
 * The control socket of a mount's process, and who is asked there; `control-messages.ts` has what is said.
 *
 * The socket stands in a directory that only its user can enter; nothing else guards it.
 *
 * @module
 */

import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { DvaultError, UsageError } from "../core/base/errors.ts";
import { parseJsonObject } from "../core/base/json.ts";
import { isAnswered } from "./control-client.ts";
import { readLines } from "./control-line.ts";
import type {
  Asker,
  CleaningResult,
  KeyChange,
  RestoreWish,
  RotationResult,
  SnapshotWork,
} from "./control-messages.ts";
import { changeLines, hasChanges } from "./control-parts.ts";
import type { MountStatus, Unpublished } from "./mount-status.ts";
import { openSocketAddress } from "./socket-address.ts";

/** What the process behind a control socket does when asked. */
export interface ControlHandlers {
  /** Where to listen: `socketPathOf` of the mount point. */
  readonly socketPath: string;
  status(): MountStatus;
  /** Resolves when everything done so far is safe. */
  sync(): Promise<void>;
  /** Resolves with what is not published yet: nothing, unless the asker left. */
  flush(asker: Asker): Promise<Unpublished>;
  /** Cleans, or says what would be done. Rejects when the asker left. */
  gc(dryRun: boolean, asker: Asker): Promise<CleaningResult>;
  readonly snapshots: SnapshotWork;
  /** Changes the vault key, or waits for the work behind an earlier change; resolves early when the asker left. */
  rotate(change: KeyChange | undefined, asker: Asker): Promise<RotationResult>;
  /**
   * Resolves when the mount is gone and everything is safe; the answer goes out then.
   * @param wait - whether to publish before
   * @returns what is not published; undefined where nothing ever is
   */
  unmount(wait: boolean, asker: Asker): Promise<Unpublished | undefined>;
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
    const answer = await answerTo(line, this.#handlers, asker);
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

/** What is answered in the end. */
interface Answer {
  readonly ok: boolean;
  readonly result?: object | undefined;
  readonly code?: string;
  readonly message?: string;
}

async function answerTo(line: string, handlers: ControlHandlers, asker: Asker): Promise<Answer> {
  try {
    return { ok: true, result: await perform(parseJsonObject(line), handlers, asker) };
  } catch (error) {
    if (error instanceof DvaultError)
      return { ok: false, code: error.code, message: error.message };
    return { ok: false, code: "MOUNT_FAILED", message: String(error) };
  }
}

/** A request as it came. */
interface RawRequest {
  readonly request?: unknown;
  readonly dryRun?: unknown;
  readonly wait?: unknown;
  readonly name?: unknown;
  readonly change?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly paths?: unknown;
  readonly force?: unknown;
  readonly delete?: unknown;
}

async function perform(
  raw: RawRequest,
  handlers: ControlHandlers,
  asker: Asker,
): Promise<object | undefined> {
  const { request, dryRun, wait } = raw;
  switch (request) {
    case "status":
      return handlers.status();
    case "sync":
      await handlers.sync();
      return undefined;
    case "flush":
      return handlers.flush(asker);
    case "gc":
      return handlers.gc(dryRun === true, asker);
    case "rotate":
      return handlers.rotate(keyChangeOf(raw.change), asker);
    case "unmount":
      return handlers.unmount(wait !== false, asker);
    default:
      return performOnSnapshots(raw, handlers.snapshots);
  }
}

async function performOnSnapshots(raw: RawRequest, snapshots: SnapshotWork): Promise<object> {
  const name = String(raw.name);
  switch (raw.request) {
    case "snapshots":
      return snapshots.list();
    case "create-snapshot":
      return snapshots.create(name);
    case "delete-snapshot":
      return snapshots.delete(name);
    case "diff-snapshots":
      return snapshots.diff(String(raw.from), textOf(raw.to));
    case "restore-snapshot":
      return snapshots.restore(name, wishOf(raw));
    default:
      throw new UsageError("USAGE", "unknown request");
  }
}

/** @throws UsageError USAGE */
function keyChangeOf(change: unknown): KeyChange | undefined {
  if (change === undefined) return undefined;
  const { key, directory } = Object(change) as Partial<Record<keyof KeyChange, unknown>>;
  if (typeof key === "string" && typeof directory === "string") return { key, directory };
  throw new UsageError("USAGE", "a change of the vault key that makes no sense");
}

function wishOf({ paths, to, force, delete: removes, dryRun }: RawRequest): RestoreWish {
  return {
    paths: Array.isArray(paths) ? paths.map(String) : [],
    to: textOf(to),
    force: force === true,
    delete: removes === true,
    dryRun: dryRun !== false,
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
