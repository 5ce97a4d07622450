/**
 * Mounts for tests: a server in a process of its own, and nothing left behind.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import type { MountOptions } from "../../src/mount/driver.ts";
import type { DriverName } from "../../src/mount/driver-names.ts";
import type { Ask, Report } from "./serve-memory.ts";
import { TYPESCRIPT, untraced } from "./untraced.ts";

const SERVER = fileURLToPath(new URL("./serve-memory.ts", import.meta.url));

/** An account on this machine. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Why a real mount cannot be tried here, or false. */
export function cannotMount(): string | false {
  try {
    statSync("/dev/fuse");
    return false;
  } catch {
    return "this machine has no /dev/fuse";
  }
}

/**
 * An ordinary user's account, made for this process alone when it is root. Root also opens `/dev/fuse` to everybody, as
 * udev does, and leaves it so: other tests may be mounting.
 */
export function ordinaryUser(t: Test): Account {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0 };
  chmodSync("/dev/fuse", 0o666);
  const account = `dvault-test-${process.pid}`;
  spawnSync("useradd", ["--no-create-home", account]);
  // Processes of the user may be about to end.
  t.teardown(() => spawnSync("userdel", ["--force", account]));
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${account}:`));
  const [, , ownUid, ownGid] = line?.split(":") ?? [];
  return { uid: Number(ownUid), gid: Number(ownGid) };
}

/** A fresh directory to mount on, unmounted and removed when the test ends. */
export function newMountpoint(t: Test, owner?: Account): string {
  const directory = mkdtempSync(join(tmpdir(), "dvault-mount-"));
  if (owner !== undefined) chownSync(directory, owner.uid, owner.gid);
  t.teardown(() => {
    while (isMounted(directory)) spawnSync("umount", ["--lazy", directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** Whether something is mounted on a path. */
export function isMounted(path: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${path} `);
}

/** How a server mounts. */
export type ServerSettings = Partial<MountOptions> & {
  readonly driver?: DriverName;
  /** Whose process it is; this one's user when left out. */
  readonly as?: Account;
  /** A program and its arguments that start it in turn. */
  readonly through?: readonly string[];
};

/** A server that runs. */
export interface Server {
  readonly mountpoint: string;
  readonly process: ChildProcess;
  /** @throws what the server could not do */
  ask(request: Ask): Promise<Report>;
  /** Resolves with the signal or status it ended with. */
  readonly exit: Promise<NodeJS.Signals | number | null>;
}

/**
 * Mounts a file system in memory, served by another process.
 * @throws the server's error when it cannot mount
 */
export async function serveMemory(
  t: Test,
  mountpoint: string,
  settings: ServerSettings = {},
): Promise<Server> {
  const { as, through = [], ...options } = settings;
  const args = [...TYPESCRIPT, SERVER, mountpoint, JSON.stringify(options)];
  const [program = "", ...words] = [...through, process.execPath, ...args];
  const child = spawn(...untraced(program, words), {
    ...as,
    cwd: "/",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exit = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once("exit", (status, signal) => resolve(signal ?? status));
  });
  t.teardown(() => child.kill("SIGKILL"));
  await nextReport(child);
  const ask = (request: Ask): Promise<Report> => {
    const report = nextReport(child);
    child.send(request);
    return report;
  };
  return { mountpoint, process: child, ask, exit };
}

function nextReport(child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error("the server ended"));
    child.once("exit", onExit);
    child.once("message", (message: Report | { code: string; message: string }) => {
      child.off("exit", onExit);
      if ("counts" in message) resolve(message);
      else reject(Object.assign(new Error(message.message), { code: message.code }));
    });
  });
}
