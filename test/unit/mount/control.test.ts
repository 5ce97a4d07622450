import * as fs from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { StoreError } from "../../../src/core/base/errors.ts";
import { askStatus, command } from "../../../src/mount/control-client.ts";
import type { Asker, WorkProgress } from "../../../src/mount/control-messages.ts";
import { type ControlHandlers, serveControl } from "../../../src/mount/control-server.ts";
import {
  listMounts,
  requestCleaning,
  requestFlush,
  requestSync,
  requestUnmount,
  snapshotsOfMount,
} from "../../../src/mount/registry.ts";
import { runtimeDirectory, socketPathOf } from "../../../src/mount/runtime-directory.ts";
import { idleHandlers, nothingCleaned, snapshot, status } from "../../support/idle-mount.ts";

/** A runtime directory of the test's own, whose path is short enough for any socket. */
function ownRuntime(t: Test): void {
  const before = process.env.XDG_RUNTIME_DIR;
  const directory = fs.mkdtempSync(join(tmpdir(), "dvault-run-"));
  process.env.XDG_RUNTIME_DIR = directory;
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
    fs.rmSync(directory, { recursive: true });
  });
}

/** A served mount; `handlers` stand before answers that do nothing. */
async function serve(
  t: Test,
  mountpoint: string,
  handlers: Partial<ControlHandlers> = {},
): Promise<string> {
  const socketPath = await socketPathOf(mountpoint);
  const server = await serveControl({
    ...idleHandlers(socketPath),
    status: () => ({ ...status, mountpoint }),
    ...handlers,
  });
  t.teardown(() => server.close());
  return socketPath;
}

t.test("a mount is asked for its status", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt/vault");
  t.same(await askStatus(socketPath), status);
  t.same(await listMounts(), [status]);
});

t.test("mounts are listed by mount point, and sockets nobody answers are removed", async (t) => {
  ownRuntime(t);
  t.same(await listMounts(), []);
  await serve(t, "/b");
  await serve(t, "/a");
  const stale = await socketPathOf("/stale");
  fs.writeFileSync(stale, "");
  fs.writeFileSync(join(await runtimeDirectory(), "other file"), "");
  t.same(
    (await listMounts()).map(({ mountpoint }) => mountpoint),
    ["/a", "/b"],
  );
  t.notOk(fs.existsSync(stale));
});

t.test(
  "sync and unmount end when they are done, and failures come back as they were",
  async (t) => {
    ownRuntime(t);
    const directory = t.testdir();
    const done: string[] = [];
    await serve(t, directory, {
      sync: async () => {
        done.push("sync");
      },
      unmount: () => Promise.reject(new StoreError("STORE_FULL", "no room")),
    });
    await requestSync(directory);
    t.same(done, ["sync"]);
    await t.rejects(requestUnmount(directory), { code: "STORE_FULL", message: "no room" });
    await t.rejects(requestSync(join(directory, "other")), {
      code: "NOT_MOUNTED",
      message: /no vault is mounted on/,
    });
    await t.rejects(requestUnmount(join(directory, "other")), { code: "NOT_MOUNTED" });
  },
);

t.test("long work tells how far it is, and ends with a result", async (t) => {
  ownRuntime(t);
  const directory = t.testdir();
  const steps = [30, 20, 10].map((pendingBytes) => ({
    pendingBytes,
    pendingCommits: 1,
    limitedMs: 5,
  }));
  const work = async (asker: Asker): Promise<void> => {
    for (const step of steps) asker.tell(step);
  };
  await serve(t, directory, {
    flush: async (asker) => {
      await work(asker);
      return { pendingBytes: 0, pendingCommits: 0 };
    },
    gc: async (dryRun, asker) => {
      await work(asker);
      return { ...nothingCleaned, rewritten: dryRun ? 1 : 2 };
    },
    unmount: async (wait, asker) => {
      if (wait) await work(asker);
      return wait ? undefined : { pendingBytes: 30, pendingCommits: 1 };
    },
  });
  const told: WorkProgress[] = [];
  const asker = patientAsker(told);
  t.same(await requestFlush(directory, asker), { pendingBytes: 0, pendingCommits: 0 });
  t.same(told.splice(0), steps);
  t.match(await requestCleaning(directory, true, asker), { rewritten: 1 });
  t.match(await requestCleaning(directory, false, asker), { rewritten: 2 });
  t.same(told.splice(0), [...steps, ...steps]);
  t.equal(await requestUnmount(directory, { asker }), undefined);
  t.same(told.splice(0), steps);
  t.same(await requestUnmount(directory, { wait: false, asker }), {
    pendingBytes: 30,
    pendingCommits: 1,
  });
  t.same(told, []);
});

t.test("who does not want to wait any longer hears how things stand", async (t) => {
  ownRuntime(t);
  const directory = t.testdir();
  const socketPath = await serve(t, directory, {
    flush: async ({ signal }) => {
      await aborted(signal);
      return { pendingBytes: 7, pendingCommits: 2 };
    },
    gc: async (_, { signal }) => {
      await aborted(signal);
      throw signal.reason;
    },
  });
  const leaving = new AbortController();
  const asker = { ...patientAsker([]), signal: leaving.signal };
  const flushed = requestFlush(directory, asker);
  leaving.abort();
  t.same(await flushed, { pendingBytes: 7, pendingCommits: 2 });
  t.same(await requestFlush(directory, asker), { pendingBytes: 7, pendingCommits: 2 });
  await t.rejects(requestCleaning(directory, false, asker), { code: "CANCELLED" });
  t.equal(await say(socketPath, '{"request":"leave"}\n{"request":"sync"}\n'), '{"ok":true}\n');
});

t.test("an asker whose connection ends has left, and the work is told", async (t) => {
  ownRuntime(t);
  const directory = t.testdir();
  let begun = (): void => {};
  let left = (): void => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const leaving = new Promise<void>((resolve) => {
    left = resolve;
  });
  const socketPath = await serve(t, directory, {
    flush: async (asker) => {
      begun();
      await aborted(asker.signal);
      asker.tell({ pendingBytes: 1, pendingCommits: 1, limitedMs: 0 });
      left();
      return { pendingBytes: 1, pendingCommits: 1 };
    },
  });
  const socket = createConnection(socketPath);
  socket.on("error", () => {});
  socket.write('{"request":"flush"}\n');
  await beginning;
  socket.destroy();
  await leaving;
  t.same(await askStatus(socketPath), { ...status, mountpoint: directory });
});

t.test("bugs in a handler are told as failures", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt", { sync: () => Promise.reject(new TypeError("bug")) });
  await t.rejects(command(socketPath, { request: "sync" }), {
    code: "MOUNT_FAILED",
    message: /bug/,
  });
});

t.test("a second process does not take a live socket over, but a stale one", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt");
  const handlers = idleHandlers(socketPath);
  await t.rejects(serveControl(handlers), { code: "MOUNT_FAILED", message: /already serves/ });
  const stale = await socketPathOf("/stale");
  fs.writeFileSync(stale, "");
  await (await serveControl({ ...handlers, socketPath: stale })).close();
  t.notOk(fs.existsSync(stale), "closing removes the socket");
});

t.test("closing lets the answers under way out", async (t) => {
  ownRuntime(t);
  const socketPath = await socketPathOf("/mnt");
  let closed: Promise<void> | undefined;
  const server = await serveControl({
    ...idleHandlers(socketPath),
    unmount: async () => {
      closed = server.close();
      await askStatus(socketPath).catch(() => {});
      return undefined;
    },
  });
  const idle = createConnection(socketPath);
  await command(socketPath, { request: "unmount", wait: true });
  await closed;
  idle.destroy();
  await t.rejects(command(socketPath, { request: "sync" }), { code: "NOT_MOUNTED" });
});

t.test("a socket may stand at the end of a long path", async (t) => {
  const deep = join(t.testdir(), "d".repeat(100));
  const path = await socketPathOf("/mnt", { XDG_STATE_HOME: deep });
  t.ok(path.length > 107);
  const server = await serveControl(idleHandlers(path));
  t.same(await askStatus(path), status);
  await server.close();
  t.notOk(fs.existsSync(path));
});

t.test("lines that are no request are refused", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt");
  for (const line of ["", "{", "null", "[]", '{"request":"reboot"}']) {
    t.match(await say(socketPath, `${line}\n`), /"ok":false,"code":"USAGE"/, line);
  }
  t.equal(
    await say(socketPath, "x".repeat(2_000_000)),
    "",
    "an endless line ends the conversation",
  );
});

t.test("when a mount ends before it answered, that is said", async (t) => {
  ownRuntime(t);
  const path = join(await runtimeDirectory(), "dying.sock");
  const server = createServer((socket) => socket.once("data", () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await t.rejects(command(path, { request: "sync" }), {
    code: "MOUNT_FAILED",
    message: /ended before it answered: mount again/,
  });
  await new Promise((resolve) => server.close(resolve));
});

t.test("answers that are no status are refused", async (t) => {
  ownRuntime(t);
  const path = join(await runtimeDirectory(), "fake.sock");
  const answers = [
    "",
    "{",
    "null",
    '{"ok":true}',
    '{"ok":true,"result":{"vault":5}}',
    '{"ok":false}',
  ];
  for (const answer of answers) {
    const server = await answering(path, answer);
    await t.rejects(askStatus(path), { code: "MOUNT_FAILED" }, answer);
    t.same(await listMounts(), []);
    t.ok(fs.existsSync(path), "a process that is there but confused keeps its socket");
    await new Promise((resolve) => server.close(resolve));
  }
});

t.test("the runtime directory is nobody else's", async (t) => {
  const state = t.testdir();
  const directory = await runtimeDirectory({ XDG_STATE_HOME: state });
  t.equal(directory, join(state, "dvault", "run"));
  t.equal(fs.statSync(directory).mode & 0o777, 0o700);
  fs.chmodSync(directory, 0o755);
  await t.rejects(runtimeDirectory({ XDG_STATE_HOME: state }), {
    code: "MOUNT_FAILED",
    message: /chmod 700/,
  });
  t.equal(await runtimeDirectory({ XDG_RUNTIME_DIR: state }), join(state, "dvault"));
  t.match(
    await runtimeDirectory({ XDG_RUNTIME_DIR: "", XDG_STATE_HOME: join(state, "x") }),
    /x\/dvault\/run$/,
  );
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Somebody who waits to the end, and keeps what it was told. */
function patientAsker(told: WorkProgress[]): Asker {
  return { signal: new AbortController().signal, tell: (progress) => told.push(progress) };
}

/** Sends text and collects what comes back until the other side ends. */
function say(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = createConnection(socketPath, () => socket.write(text));
    socket.on("data", (data) => {
      heard += String(data);
      socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(heard));
  });
}

/** A server that answers every connection with one line. */
function answering(path: string, line: string): Promise<Server> {
  fs.rmSync(path, { force: true });
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume().end(`${line}\n`);
    });
    server.listen(path, () => resolve(server));
  });
}

t.test("a mount is asked for its snapshots", async (t) => {
  ownRuntime(t);
  const mountpoint = t.testdir();
  await serve(t, mountpoint);
  const snapshots = snapshotsOfMount(mountpoint);
  t.same(await snapshots.list(), [snapshot]);
  t.same(await snapshots.create("b"), { ...snapshot, name: "b" });
  await t.rejects(snapshots.delete("c"), { code: "ENOENT", message: /no such snapshot/ });
  const changes = [{ kind: "moved", path: "now", from: "a" }];
  t.same(await snapshots.diff("a"), { changes, isWhole: false });
  const paths = Array.from({ length: 5000 }, (_, n) => `/${n}/\udcff`);
  const wish = { paths, force: true, delete: false, dryRun: true };
  const many = paths.map((path) => ({ kind: "moved", path, from: "a" }));
  t.same(await snapshots.restore("a", wish), { changes: many, isDone: false });
  const nothing = { ...wish, paths: [], dryRun: false };
  t.same(await snapshots.restore("a", nothing), { changes: [], isDone: true });
});
