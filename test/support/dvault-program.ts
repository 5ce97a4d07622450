/**
 * The real program in a process of its own, with a home of its own, and no mount left behind.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import type { Test } from "tap";
import type { MountStatus } from "../../src/mount/mount-status.ts";
import type { Account } from "./mounted-memory.ts";
import { untraced } from "./untraced.ts";

const ROOT = new URL("../../", import.meta.url);
const MAIN = fileURLToPath(new URL("dist/cli/main.js", ROOT));

// What runs is built from the sources as they are.
spawnSync(...untraced(fileURLToPath(new URL("scripts/build", ROOT)), []), { stdio: "inherit" });

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Program {
  readonly home: string;
  readonly recipient: string;
  /** Options that open a vault made for {@link Program.recipient}. */
  readonly key: readonly string[];
  readonly #account: Account | undefined;

  private constructor(home: string, recipient: string, account: Account | undefined) {
    this.home = home;
    this.recipient = recipient;
    this.key = ["--identity", join(home, "identity")];
    this.#account = account;
  }

  /** Makes a home that goes with the test. */
  static async start(t: Test, account?: Account): Promise<Program> {
    const home = mkdtempSync(join(tmpdir(), "dvault-home-"));
    t.teardown(async () => {
      await leaveNothing(home);
      rmSync(home, { recursive: true });
    });
    const identity = await generateIdentity();
    writeFileSync(join(home, "identity"), `${identity}\n`);
    chmodSync(join(home, "identity"), 0o600);
    if (account !== undefined) {
      for (const path of [home, join(home, "identity")]) chownSync(path, account.uid, account.gid);
    }
    return new Program(home, await identityToRecipient(identity), account);
  }

  /** A path below the home. */
  path(name: string): string {
    return join(this.home, name);
  }

  /** Makes an empty directory below the home. */
  directory(name: string): string {
    const path = this.path(name);
    mkdirSync(path);
    if (this.#account !== undefined) chownSync(path, this.#account.uid, this.#account.gid);
    return path;
  }

  /** Makes a vault file that the identity opens. */
  vault(name: string): string {
    const path = this.path(name);
    const { code, err } = this.run(["init", path, "--recipient", this.recipient]);
    if (code !== 0) throw new Error(err);
    return path;
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
    const { status, stdout, stderr } = spawnSync(...untraced(process.execPath, [MAIN, ...args]), {
      ...this.#options(env),
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    });
    return { code: status, out: stdout, err: stderr };
  }

  /** As {@link Program.run}, while this process goes on and may be spoken to. */
  async runBeside(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const child = spawn(...untraced(process.execPath, [MAIN, ...args]), {
      ...this.#options(env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit") as Promise<[number | null]>;
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;
    return { code, out, err };
  }

  /** Runs a command with the identity; throws when it fails. */
  ok(command: string, ...operands: readonly string[]): string {
    const { code, out, err } = this.run([...command.split(" "), ...this.key, "--", ...operands]);
    if (code !== 0) throw new Error(`${command} ${operands.join(" ")}: ${code} ${err}`);
    return out;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(...untraced(process.execPath, [MAIN, ...args]), {
      ...this.#options(env),
      stdio: "pipe",
    });
  }

  /** What `dvault status --json` says. */
  status(): readonly MountStatus[] {
    return JSON.parse(this.run(["status", "--json"]).out);
  }

  #options(env: Readonly<Record<string, string>>): object {
    const { PATH = "" } = process.env;
    return {
      cwd: this.home,
      detached: true,
      env: { PATH, HOME: this.home, ...env },
      ...this.#account,
    };
  }
}

/** Process of the only mount. */
export function servingPid(dvault: Program): number {
  const [mount] = dvault.status();
  if (mount === undefined) throw new Error("nothing is mounted");
  return mount.pid;
}

/** Waits until a condition holds; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

/** Whether something is mounted on a directory. */
export function isMounted(directory: string): boolean {
  return mountpoints().includes(directory);
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function mountpoints(): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "");
}

/** Takes away what a failed test left mounted; its process ends by itself then. */
async function leaveNothing(home: string): Promise<void> {
  for (const mountpoint of mountpoints()) {
    if (mountpoint.startsWith(`${home}/`)) spawnSync("umount", ["--lazy", mountpoint]);
  }
  await until(() => !mountpoints().some((mountpoint) => mountpoint.startsWith(`${home}/`)));
}
