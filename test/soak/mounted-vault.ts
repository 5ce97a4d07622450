/**
 * A vault at an emulated Discord and the program that mounts it, as its user would: `dvault` in processes of its own,
 * with a home of its own.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { untraced } from "../support/untraced.ts";

/** Where things are. */
export interface VaultPlace {
  /** `dist/cli/main.js` of this checkout. */
  readonly program: string;
  /** A directory that is there and empty. */
  readonly home: string;
  /** The vault's place, as `dvault` takes it. */
  readonly url: string;
  /** Whatever else the program is to find in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** How often a mount that is being made is looked at, ms. */
const LOOK_MS = 100;

/** Options of each mount: caches so small that much has to be fetched again. */
const CACHES = ["--cache-size", "16M"];

/** A command that ended with an error. */
export class CommandError extends Error {}

export class MountedVault {
  readonly mountpoint: string;
  /** What the mount's processes have said. */
  readonly logPath: string;
  readonly #place: VaultPlace;
  #process: ChildProcess | undefined;

  constructor(place: VaultPlace) {
    this.#place = place;
    this.mountpoint = join(place.home, "vault");
    this.logPath = join(place.home, "mount.log");
    mkdirSync(this.mountpoint);
    mkdirSync(this.#env.XDG_RUNTIME_DIR as string, { mode: 0o700 });
  }

  get #env(): Record<string, string> {
    const { home, env } = this.#place;
    const { PATH = "" } = process.env;
    return {
      PATH,
      HOME: home,
      XDG_RUNTIME_DIR: join(home, "run"),
      XDG_STATE_HOME: join(home, "state"),
      DVAULT_PASSWORD: "soak",
      ...env,
    };
  }

  /** Makes the vault. */
  async init(): Promise<void> {
    await this.#run("init", "--accept-policy", this.#place.url);
  }

  /**
   * Mounts; whatever is left of an earlier mount is in the way.
   * @returns false when the process was killed meanwhile
   * @throws CommandError
   */
  async mount(options: readonly string[] = []): Promise<boolean> {
    const log = openSync(this.logPath, "a");
    const args = ["mount", "-f", ...CACHES, ...options, this.#place.url, this.mountpoint];
    const child = spawn(...untraced(process.execPath, [this.#place.program, ...args]), {
      cwd: this.#place.home,
      env: this.#env,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#process = child;
    while (!(await this.#isServed())) {
      if (child.signalCode === "SIGKILL") return false;
      if (child.exitCode !== null) throw new CommandError(`mount: ${this.lastWords()}`);
      await delay(LOOK_MS);
    }
    return true;
  }

  /** Whether a file system answers on the mount point; of a dead one the kernel still knows the root. */
  async #isServed(): Promise<boolean> {
    try {
      await statfs(this.mountpoint);
      const [inside, outside] = await Promise.all([stat(this.mountpoint), stat(this.#place.home)]);
      return inside.dev !== outside.dev;
    } catch {
      return false;
    }
  }

  /** Kills the process of the mount, if there is one, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async flush(): Promise<void> {
    await this.#run("flush", this.mountpoint);
  }

  /** Unmounts, which publishes first, and waits for the end of the process. */
  async unmount(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const ended = once(child, "exit");
    await this.#run("unmount", this.mountpoint);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new CommandError(`the mount ended with ${code}: ${this.lastWords()}`);
  }

  /** Kills the process and takes the mount away, at once: all that can be done when this program ends. */
  abandon(): void {
    this.#process?.kill("SIGKILL");
    spawnSync("umount", ["--lazy", this.mountpoint]);
  }

  /** Deletes all that dvault keeps on this machine. */
  loseLocalState(): void {
    rmSync(join(this.#place.home, "state"), { recursive: true, force: true });
  }

  /** Most memory the process of the mount ever had, bytes; 0 when there is none. */
  peakMemory(): number {
    try {
      const status = readFileSync(`/proc/${this.#process?.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  /** The end of the mount's log. */
  lastWords(): string {
    if (!existsSync(this.logPath)) return "";
    return readFileSync(this.logPath, "utf8").trim().split("\n").slice(-3).join("\n");
  }

  #run(...args: readonly string[]): Promise<void> {
    const options = { cwd: this.#place.home, env: this.#env };
    return new Promise((resolve, reject) => {
      const command = untraced(process.execPath, [this.#place.program, ...args]);
      execFile(...command, options, (error, _out, err) => {
        if (error === null) resolve();
        else reject(new CommandError(`${args[0]} ended with ${error.code}: ${err.trim()}`));
      });
    });
  }
}
