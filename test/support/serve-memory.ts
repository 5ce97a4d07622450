/**
 * A process that serves a file system in memory on a mount point, for tests that use the mount with calls that block or
 * kill its server. Started by `mounted-memory.ts`, spoken with over Node's IPC.
 *
 * @module
 */
import type { Mount, MountOptions } from "../../src/mount/driver.ts";
import type { DriverName } from "../../src/mount/driver-names.ts";
import { KernelMount } from "../../src/mount/kernel-driver.ts";
import { loadDriver } from "../../src/mount/load-driver.ts";
import { mountVault } from "../../src/mount/mount-vault.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";

/** What a test may ask. */
export type Ask = "report" | "unmount" | "detach";

/** What comes back, besides `{ code, message }` when something failed. */
export interface Report {
  /** Requests by name; none where the driver does not tell. */
  readonly counts: Record<string, number>;
  /** Times processors were kept awake; none where the driver does not do that. */
  readonly latencyLimits: number;
  readonly references: number;
  readonly inodes: number;
}

const [mountpoint = "", options = "{}"] = process.argv.slice(2);
const fs = new MemoryFileSystem();

try {
  const { driver: name = "kernel", ...settings } = JSON.parse(options) as Partial<
    MountOptions & { driver: DriverName }
  >;
  const driver = await loadDriver(name);
  const mount = await mountVault({
    ...{ fs, mountpoint, driver },
    options: { source: "memory", ...settings },
  });
  let answered = Promise.resolve();
  process.on("message", (ask: Ask) => {
    const done = ask === "report" ? Promise.resolve() : mount[ask]();
    answered = done.then(() => send(report(mount)), fail);
  });
  process.on("SIGTERM", () => {
    mount.unmount().catch(fail);
  });
  send(report(mount));
  await mount.ended;
  await answered;
} catch (error) {
  fail(error);
}
process.disconnect();

function report(mount: Mount): Report {
  return {
    counts: mount instanceof KernelMount ? mount.requestCounts() : {},
    latencyLimits: mount instanceof KernelMount ? mount.channelCounters().latencyLimits : 0,
    references: fs.references().size,
    inodes: fs.inodeCount,
  };
}

function fail(error: unknown): void {
  const { code, message } = error as { code?: string; message: string };
  send({ code, message });
}

function send(message: object): void {
  process.send?.(message);
}
