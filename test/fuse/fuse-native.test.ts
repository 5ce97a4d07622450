/** The driver of the package fuse-native, on trial with a file system in memory; left out where it is not installed. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadDriver } from "../../src/mount/load-driver.ts";
import { mountSuite } from "../conformance/mount.ts";
import { cannotMount, isMounted, newMountpoint, serveMemory } from "../support/mounted-memory.ts";

const skip = cannotMount() || (await loadDriver("fuse-native").then(() => false, String));
if (skip) t.plan(0, skip);
else await tryDriver();

async function tryDriver(): Promise<void> {
  const server = await serveMemory(t, newMountpoint(t), {
    ...{ suid: true, devices: true, driver: "fuse-native" },
  });

  await mountSuite(t, server, {
    "names of any bytes up to 255": "paths come as text, so names are UTF-8",
    "modes, owners, times and special files":
      "times are milliseconds from 1970 on, set both to one",
    "holes, allocation, copies and locks": "there are no callbacks for SEEK_DATA and fallocate",
    "a file without a name can be given one": "libfuse 2 knows no O_TMPFILE",
    "programs: tar, rsync and cp keep everything": "times are not kept",
    "the kernel asks no more than it must": "requests are not counted by kind",
  });

  t.test("programs copy whole trees", async (t) => {
    const tree = join(server.mountpoint, "tree");
    fs.mkdirSync(tree);
    const script = "tar -cf - -C /usr/include/linux . | tar -xmf - && diff -r /usr/include/linux .";
    const { status, stderr } = spawnSync("bash", ["-ec", script], { cwd: tree, encoding: "utf8" });
    t.equal(status, 0, stderr);
  });

  t.test("a read-only mount refuses to write", async (t) => {
    const { mountpoint } = await serveMemory(t, newMountpoint(t), {
      ...{ driver: "fuse-native", readOnly: true },
    });
    t.same(fs.readdirSync(mountpoint), []);
    t.throws(() => fs.writeFileSync(join(mountpoint, "a"), ""), { code: "EROFS" });
  });

  t.test("nobody else is let in", async (t) => {
    const refused = serveMemory(t, newMountpoint(t), { driver: "fuse-native", allowOther: true });
    await t.rejects(refused, { code: "MOUNT_FAILED", message: /does not tell who/ });
  });

  t.test("processors are not kept awake", async (t) => {
    const refused = serveMemory(t, newMountpoint(t), { driver: "fuse-native", cpuLatency: 0 });
    await t.rejects(refused, { code: "MOUNT_FAILED", message: /cpu_latency=0.*driver kernel/ });
  });

  t.test("SIGTERM unmounts, and the process ends", async (t) => {
    server.process.kill("SIGTERM");
    t.equal(await server.exit, 0);
    t.notOk(isMounted(server.mountpoint));
  });
}
