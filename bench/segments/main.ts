/**
 * How a vault on a segment store streams: MB/s in and out, resident memory, and how long the main thread is blocked.
 * `usage.txt` tells its options.
 *
 * Writes one file through the file system, flushes it, forgets all local state and reads it back. Prints JSON. A place in
 * memory keeps what it is given in this process, so resident memory means something with a directory only.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { pid, stdout } from "node:process";
import { utf8 } from "../../src/core/base/bytes.ts";
import { makePasswordSlot } from "../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../src/core/crypto/secret-bytes.ts";
import { entryOf } from "../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFREG } from "../../src/core/fs/file-system.ts";
import { VaultFileSystem } from "../../src/core/fs/vault-file-system.ts";
import { AutoCommit } from "../../src/core/vault/auto-commit.ts";
import { Vault } from "../../src/core/vault/vault.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { DirectoryObjectStore } from "../../src/stores/objects/directory-object-store.ts";
import { systemTiming } from "../../src/stores/objects/discord/steady-timing.ts";
import { emptyObjects, MemoryObjectStore } from "../../src/stores/objects/memory-object-store.ts";
import type { ObjectStore } from "../../src/stores/objects/object-store.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import { Usage } from "../../test/support/usage.ts";

const MIB = 2 ** 20;
const ARGON2 = { memoryKib: 8, passes: 1, lanes: 1 };
const CREATION = { mode: S_IFREG | 0o644, umask: 0, caller: { uid: 0, gid: 0 } };

/** Figures of one direction. */
interface Figures {
  readonly megabytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakRssMib: number;
  /** How late the event loop came round, ms. */
  readonly blockedMs: { readonly p50: number; readonly p999: number; readonly max: number };
}

const usage = new Usage("scripts/bench segments");
const values = usage.read({
  mib: { type: "string", default: "2048" },
  place: { type: "string", default: "directory" },
  "cache-mib": { type: "string", default: "64" },
  scratch: { type: "string", default: tmpdir() },
});
if (!["directory", "memory"].includes(values.place)) {
  usage.refuse(`--place ${values.place}: there are directory, memory`);
}
const mib = Number(values.mib);
const scratch = mkdtempSync(join(values.scratch, "dvault-bench-"));
const kept = emptyObjects();
const content = new Uint8Array(4 * MIB);
nodePlatform.random.fill(content);

async function openPlace(): Promise<ObjectStore> {
  if (values.place === "memory") return new MemoryObjectStore({ contents: kept });
  const options = { random: nodePlatform.random, timing: systemTiming };
  return DirectoryObjectStore.create(join(scratch, "objects"), options);
}

async function openStore(database: string, intent: "open" | "create"): Promise<SegmentStore> {
  return openSegmentStore(
    {
      objects: await openPlace(),
      database: join(scratch, database),
      timing: systemTiming,
      random: nodePlatform.random,
      host: { name: "bench", pid },
      cacheBytes: Number(values["cache-mib"]) * MIB,
    },
    intent,
  );
}

/** Runs a part and says what it cost. */
async function measure(body: () => Promise<void>): Promise<Figures> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  delays.enable();
  await body();
  delays.disable();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(sampler);
  const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e5) / 10;
  return {
    megabytesPerSecond: Math.round((mib * MIB) / seconds / 1e6),
    cpuSeconds: Math.round((user + system) / 1e5) / 10,
    peakRssMib: Math.round(peak / MIB),
    blockedMs: {
      p50: ms(delays.percentile(50)),
      p999: ms(delays.percentile(99.9)),
      max: ms(delays.max),
    },
  };
}

function password(): SecretBytes {
  return new SecretBytes(utf8("bench"));
}

/** Commits by itself, as a mount does, so that publication goes on beside the writing. */
function autoCommit(vault: Vault): AutoCommit {
  const timer = (ms: number, body: () => void) => systemTiming.after(ms, body);
  const onFailure = (error: unknown): void => {
    throw error;
  };
  return new AutoCommit({ vault, timer, onFailure });
}

async function writeFile(store: SegmentStore): Promise<Record<string, Figures>> {
  const vault = await Vault.create(store, nodePlatform, {
    argon2: ARGON2,
    makeSlots: async (secret) => [
      await makePasswordSlot(nodePlatform, secret, password(), { label: "bench", argon2: ARGON2 }),
    ],
  });
  const fs = new VaultFileSystem(vault, nodePlatform);
  const commits = autoCommit(vault);
  await fs.makeRoot({ ...CREATION, mode: 0o755 });
  const { ino } = await fs.mknod(ROOT_INO, utf8("file"), CREATION, 0);
  const written = await measure(async () => {
    for (let n = 0; n < mib; n++) {
      const at = (n * 7919 * 4096) % (content.length - MIB);
      await fs.write(ino, n * MIB, content.slice(at, at + MIB));
    }
    await fs.fsync(ino);
  });
  const flushed = await measure(() => store.flush());
  commits.stop();
  await vault.close();
  return { written, flushed };
}

async function readFile(store: SegmentStore): Promise<Figures> {
  const vault = await Vault.open(store, nodePlatform, { password: password() });
  const fs = new VaultFileSystem(vault, nodePlatform);
  const { ino } = await entryOf(fs, ROOT_INO, utf8("file"));
  const read = await measure(async () => {
    for (let n = 0; n < mib; n++) {
      const at = (n * 7919 * 4096) % (content.length - MIB);
      const pieces = await fs.read(ino, n * MIB, MIB);
      if (!Buffer.concat(pieces).equals(content.subarray(at, at + MIB))) {
        throw new Error(`MiB ${n} is not as it was written`);
      }
    }
  });
  await vault.close();
  return read;
}

mkdirSync(scratch, { recursive: true });
try {
  const { written, flushed } = await writeFile(await openStore("first.db", "create"));
  const read = await readFile(await openStore("second.db", "open"));
  stdout.write(
    `${JSON.stringify({ mib, place: values.place, written, flushed, read }, null, 2)}\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
