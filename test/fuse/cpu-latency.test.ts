/** Processors are kept awake while a mount is busy, by whoever may. Root's part needs `/dev/cpu_dma_latency` (CONFIG_CPU_IDLE). */
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import t from "tap";
import {
  cannotMount,
  isMounted,
  newMountpoint,
  ordinaryUser,
  type Server,
  serveMemory,
} from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

/** Requests in a row, each of which the program waits for. */
const REQUESTS = 400;
const TRIES = 100;

function mayLimit(): boolean {
  try {
    accessSync("/dev/cpu_dma_latency", constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

let looked = 0;

/** How often processors were kept awake after so many requests more. */
async function limitsAfterWork(server: Server): Promise<number> {
  for (let i = 0; i < REQUESTS; i++) existsSync(join(server.mountpoint, `missing-${looked++}`));
  return (await server.ask("report")).latencyLimits;
}

const cannot = mayLimit() ? false : "/dev/cpu_dma_latency cannot be written here";
t.test("a busy mount keeps processors awake, and lets them sleep", { skip: cannot }, async (t) => {
  const server = await serveMemory(t, newMountpoint(t), { cpuLatency: 0 });
  t.equal((await server.ask("report")).latencyLimits, 0);
  let limits = 0;
  for (let tries = 0; limits < 3 && tries < TRIES; tries++) {
    limits = await limitsAfterWork(server);
    // More than it takes until an idle mount lets go.
    await pause(50);
  }
  t.equal(limits, 3);
});

t.test("none that was told to leave them alone", async (t) => {
  const server = await serveMemory(t, newMountpoint(t), { cpuLatency: "any" });
  t.equal(await limitsAfterWork(server), 0);
});

t.test("an ordinary user's mount does without, and says so when it was asked for", async (t) => {
  const as = ordinaryUser(t);
  const server = await serveMemory(t, newMountpoint(t, as), { as });
  t.equal((await server.ask("report")).latencyLimits, 0);
  const mountpoint = newMountpoint(t, as);
  const refused = serveMemory(t, mountpoint, { as, cpuLatency: 20 });
  const message = /cannot open \/dev\/cpu_dma_latency.*cpu_latency=20.*mount as root/;
  await t.rejects(refused, { code: "MOUNT_FAILED", message });
  t.notOk(isMounted(mountpoint));
});
