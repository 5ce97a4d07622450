/**
 * The vault as its user has it: `dvault mount` in a process of its own, reached through the kernel.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { isAnswered } from "../../src/mount/control-client.ts";
import { requestFlush, requestUnmount } from "../../src/mount/registry.ts";
import { socketPathOf } from "../../src/mount/runtime-directory.ts";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { cpuSeconds, peakMemoryMib, run, untilMounted } from "../mount/processes.ts";
import type { EmulatedDiscord, EmulatedPlace } from "./emulated-discord.ts";
import type { FarFile, FarVault } from "./far-vault.ts";

/** The least there is: what a password costs is not measured here. */
const KDF_COST = ["--kdf-memory", "64", "--kdf-passes", "1"];

/** How often a mount that is being made is looked at, ms. */
const LOOK_MS = 2;
const PASSWORD = "bench";

/** How a vault is mounted. */
export interface MountSettings {
  /** `main.js` of the program. */
  readonly program: string;
  /** Options of `dvault mount`. */
  readonly options: readonly string[];
}

/** Calls of the system block, as those of other programs do: whoever serves them is another process. */
export class MountedVault implements FarVault {
  readonly #url: string;
  readonly #scratch: string;
  readonly #mountpoint: string;
  readonly #settings: MountSettings;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;

  /** @param scratch - a directory of its own */
  constructor(
    discord: EmulatedDiscord,
    { config, webhookAddresses }: EmulatedPlace,
    scratch: string,
    settings: MountSettings,
  ) {
    this.#url = encodeDiscordUrl(config);
    this.#scratch = scratch;
    this.#mountpoint = join(scratch, "mountpoint");
    this.#settings = settings;
    // The control socket is looked for where this process would have its own.
    env.XDG_RUNTIME_DIR ??= scratch;
    this.#env = {
      ...env,
      HOME: scratch,
      XDG_STATE_HOME: this.#state,
      XDG_CONFIG_HOME: join(scratch, "config"),
      DVAULT_PASSWORD: PASSWORD,
      DVAULT_DISCORD_API: discord.apiUrl,
      DVAULT_DISCORD_TOKEN: discord.token,
      DVAULT_DISCORD_WEBHOOKS: webhookAddresses.map(({ url }) => url).join(" "),
    };
    mkdirSync(this.#mountpoint);
  }

  get #state(): string {
    return join(this.#scratch, "state");
  }

  async create(): Promise<void> {
    const args = ["init", "--accept-policy", ...KDF_COST, this.#url];
    run(execPath, [this.#settings.program, ...args], { env: this.#env });
    await this.#mount();
  }

  async openCold(): Promise<void> {
    rmSync(this.#state, { recursive: true, force: true });
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    await this.#mount();
  }

  async #mount(): Promise<void> {
    const { program, options } = this.#settings;
    const args = ["mount", "--foreground", ...options, this.#url, this.#mountpoint];
    this.#process = spawn(execPath, [program, ...args], { env: this.#env, stdio: "inherit" });
    await untilMounted(this.#mountpoint);
    const socket = await socketPathOf(this.#mountpoint);
    while (!(await isAnswered(socket))) await delay(LOOK_MS);
  }

  async close(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const ended = once(child, "exit");
    await requestUnmount(this.#mountpoint);
    await ended;
    this.#process = undefined;
  }

  /** Ends the mount at once, if there is one: after a failure. */
  abandon(): void {
    if (this.#process === undefined) return;
    this.#process.kill("SIGKILL");
    run("umount", ["--lazy", this.#mountpoint]);
  }

  cpuSeconds(): number {
    const pid = this.#process?.pid;
    return pid === undefined ? 0 : cpuSeconds(pid);
  }

  peakMemoryMib(): number {
    const pid = this.#process?.pid;
    return pid === undefined ? 0 : peakMemoryMib(pid);
  }

  async mkdir(path: string): Promise<void> {
    mkdirSync(this.#pathOf(path));
  }

  #pathOf(path: string): string {
    return join(this.#mountpoint, path);
  }

  async list(path: string): Promise<readonly string[]> {
    return readdirSync(this.#pathOf(path));
  }

  async write(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const fd = openSync(this.#pathOf(path), "w");
    try {
      for (const piece of pieces) writeSync(fd, piece);
    } finally {
      closeSync(fd);
    }
  }

  async flush(): Promise<void> {
    await requestFlush(this.#mountpoint);
  }

  async open(path: string): Promise<FarFile> {
    const fd = openSync(this.#pathOf(path), "r");
    return {
      size: fstatSync(fd).size,
      read: async (offset, length) => {
        const bytes = Buffer.alloc(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      },
      close: async () => closeSync(fd),
    };
  }
}
