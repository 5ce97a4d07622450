/**
 * File systems that are compared: each keeps its data in a directory, and is mounted on another.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isInstalled, run, untilEnded, untilMounted } from "./processes.ts";

/** Opens what peers make, where a password does. */
export const PASSWORD = "not a secret";

/** Where a peer works. */
export interface Place {
  /** Its data, between mounts. */
  readonly back: string;
  readonly mountpoint: string;
  /** Anything else: passwords, caches, homes. */
  readonly state: string;
  /** The program dvault. */
  readonly dvault: string;
}

/** A file system that is mounted. */
export interface Live {
  /** The process that serves it; none for a plain directory. */
  readonly pid: number | undefined;
  /** Returns when everything is in the backing directory. */
  unmount(): Promise<void>;
}

/** One file system. */
export interface Peer {
  readonly name: string;
  /** Why it cannot be run here. */
  obstacle(): string | undefined;
  /** Makes an empty one. */
  make(place: Place): void;
  mount(place: Place): Promise<Live>;
}

const missing = (program: string): string | undefined =>
  isInstalled(program) ? undefined : `${program} is not installed`;

/** The backing directory itself: what the machine can do. */
const plain: Peer = {
  name: "plain",
  obstacle: () => undefined,
  make: () => undefined,
  mount: async ({ back, mountpoint }) => {
    run("mount", ["--bind", back, mountpoint]);
    return { pid: undefined, unmount: async () => void run("umount", [mountpoint]) };
  },
};

function dvaultWith(name: string, options: readonly string[], obstacle: Peer["obstacle"]): Peer {
  const environment = ({ state }: Place): NodeJS.ProcessEnv => ({
    ...process.env,
    ...{ HOME: state, XDG_RUNTIME_DIR: state, DVAULT_PASSWORD: PASSWORD },
  });
  const vault = ({ back }: Place): string => join(back, "bench.dvault");
  return {
    name,
    obstacle,
    make: (place) => {
      const cost = ["--kdf-memory", "64", "--kdf-passes", "1"];
      run(place.dvault, ["init", vault(place), ...cost], { env: environment(place) });
    },
    mount: async (place) => {
      const { dvault, mountpoint } = place;
      const env = environment(place);
      run(dvault, ["mount", ...options, vault(place), mountpoint], { env });
      const [mount] = JSON.parse(run(dvault, ["status", "--json"], { env })) as { pid: number }[];
      const pid = mount?.pid ?? 0;
      const unmount = async (): Promise<void> => {
        run(dvault, ["unmount", mountpoint], { env });
        await untilEnded(pid);
      };
      return { pid, unmount };
    },
  };
}

/** AES-256-GCM by OpenSSL; the kernel keeps pages over open. */
const gocryptfs: Peer = {
  name: "gocryptfs",
  obstacle: () => missing("gocryptfs"),
  make: ({ back, state }) => {
    writeFileSync(join(state, "password"), PASSWORD);
    run("gocryptfs", [
      ...["-init", "-q", "-scryptn", "10", "-passfile", join(state, "password"), back],
    ]);
  },
  mount: ({ back, mountpoint, state }) =>
    startServer(mountpoint, "gocryptfs", [
      ...["-fg", "-q", "-nosyslog", "-noprealloc", "-kernel_cache"],
      ...["-passfile", join(state, "password"), back, mountpoint],
    ]),
};

/**
 * AES-256-GCM in blocks of 32 KiB; the kernel keeps what it learns for a minute. The cost of its key derivation is
 * compiled in, and takes a busy machine minutes.
 */
const cryfs: Peer = {
  name: "cryfs",
  obstacle: () => missing("cryfs"),
  make: ({ state }) => mkdirSync(join(state, "local"), { recursive: true }),
  mount: ({ back, mountpoint, state }) =>
    startServer(
      mountpoint,
      "cryfs",
      [
        ...["-f", "--cipher", "aes-256-gcm", "--blocksize", "32768", "--allow-replaced-filesystem"],
        ...[back, mountpoint, "-o"],
        "kernel_cache,big_writes,attr_timeout=60,entry_timeout=60",
      ],
      {
        input: `${PASSWORD}\n`,
        env: {
          CRYFS_FRONTEND: "noninteractive",
          CRYFS_NO_UPDATE_CHECK: "true",
          CRYFS_LOCAL_STATE_DIR: join(state, "local"),
        },
        patienceMs: 300_000,
      },
    ),
};

/** Encrypted names, a cache of whole files that is emptied with each mount. */
const rclone: Peer = {
  name: "rclone",
  obstacle: () => missing("rclone"),
  make: ({ back, state }) => {
    const obscured = run("rclone", ["obscure", PASSWORD]).trim();
    const config = `[vault]\ntype = crypt\nremote = ${back}\npassword = ${obscured}\n`;
    writeFileSync(join(state, "rclone.conf"), config);
  },
  mount: async ({ mountpoint, state }) => {
    const cache = join(state, "cache");
    run("rm", ["-rf", cache]);
    const live = await startServer(mountpoint, "rclone", [
      ...["mount", "vault:", mountpoint, "--config", join(state, "rclone.conf")],
      ...["--cache-dir", cache, "--vfs-cache-mode", "full", "--vfs-write-back", "0s"],
      ...["--vfs-fast-fingerprint", "--dir-cache-time", "24h", "--attr-timeout", "60s"],
      ...["--buffer-size", "0", "--vfs-read-ahead", "8M", "--vfs-read-chunk-size", "4M"],
      ...["--write-back-cache", "--transfers", "16", "--log-level", "ERROR"],
    ]);
    const unmount = async (): Promise<void> => {
      while (hasDirtyFiles(cache)) await delay(20);
      await live.unmount();
    };
    return { pid: live.pid, unmount };
  },
};

/** Whether rclone's cache marks a file as not yet stored. */
function hasDirtyFiles(cache: string): boolean {
  return spawnSync("grep", ["-rqs", '"Dirty": *true', join(cache, "vfsMeta")]).status === 0;
}

function fuseNativeObstacle(): string | undefined {
  try {
    createRequire(import.meta.url).resolve("fuse-native");
    return undefined;
  } catch {
    return "the package fuse-native is not found (NODE_PATH)";
  }
}

/** All peers, dvault first. */
export const peers: readonly Peer[] = [
  dvaultWith("dvault", [], () => undefined),
  dvaultWith("fuse-native", ["--driver", "fuse-native"], fuseNativeObstacle),
  gocryptfs,
  cryfs,
  rclone,
  plain,
];

interface Server {
  readonly input?: string;
  /** How long it may take to mount; a minute when left out. */
  readonly patienceMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program that serves a mount in the foreground, until it is unmounted. */
async function startServer(
  mountpoint: string,
  program: string,
  args: readonly string[],
  { input = "", env = {}, patienceMs }: Server = {},
): Promise<Live> {
  const server = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "ignore"],
  });
  server.stdin.end(input);
  const pid = server.pid ?? 0;
  await Promise.race([untilMounted(mountpoint, patienceMs), untilEnded(pid)]);
  if (!existsSync(`/proc/${pid}`)) throw new Error(`${program} did not mount`);
  const unmount = async (): Promise<void> => {
    run("umount", [mountpoint]);
    await untilEnded(pid);
  };
  return { pid, unmount };
}
