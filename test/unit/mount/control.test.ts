import * as fs from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { StoreError } from "../../../src/core/base/errors.ts";
import { askStatus, command } from "../../../src/mount/control-client.ts";
import { type ControlHandlers, serveControl } from "../../../src/mount/control-server.ts";
import type { MountStatus } from "../../../src/mount/mount-status.ts";
import { listMounts, requestSync, requestUnmount } from "../../../src/mount/registry.ts";
import { runtimeDirectory, socketPathOf } from "../../../src/mount/runtime-directory.ts";

const status: MountStatus = {
  vault: "default",
  mountpoint: "/mnt/vault",
  pid: 4711,
  generation: 12,
  unsafeBytes: 65_536,
  readOnly: false,
  driver: "kernel",
  since: "2026-01-01T00:00:00.000Z",
};

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
    socketPath,
    status: () => ({ ...status, mountpoint }),
    sync: async () => {},
    unmount: async () => {},
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

t.test("bugs in a handler are told as failures", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt", { sync: () => Promise.reject(new TypeError("bug")) });
  await t.rejects(command(socketPath, "sync"), { code: "MOUNT_FAILED", message: /bug/ });
});

t.test("a second process does not take a live socket over, but a stale one", async (t) => {
  ownRuntime(t);
  const socketPath = await serve(t, "/mnt");
  const handlers = {
    socketPath,
    status: () => status,
    sync: async () => {},
    unmount: async () => {},
  };
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
    socketPath,
    status: () => status,
    sync: async () => {},
    unmount: async () => {
      closed = server.close();
      await askStatus(socketPath).catch(() => {});
    },
  });
  const idle = createConnection(socketPath);
  await command(socketPath, "unmount");
  await closed;
  idle.destroy();
  await t.rejects(command(socketPath, "sync"), { code: "NOT_MOUNTED" });
});

t.test("a socket may stand at the end of a long path", async (t) => {
  const deep = join(t.testdir(), "d".repeat(100));
  const path = await socketPathOf("/mnt", { XDG_STATE_HOME: deep });
  t.ok(path.length > 107);
  const server = await serveControl({
    socketPath: path,
    status: () => status,
    sync: async () => {},
    unmount: async () => {},
  });
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
  t.equal(await say(socketPath, "x".repeat(100_000)), "", "an endless line ends the conversation");
});

t.test("answers that are no status are refused", async (t) => {
  ownRuntime(t);
  const path = join(await runtimeDirectory(), "fake.sock");
  const answers = [
    "",
    "{",
    "null",
    '{"ok":true}',
    '{"ok":true,"status":{"vault":5}}',
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
