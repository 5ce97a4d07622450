/** Our own driver, on trial with a file system in memory. */
import * as fs from "node:fs";
import t from "tap";
import { mountSuite } from "../conformance/mount.ts";
import { cannotMount, newMountpoint, serveMemory } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const server = await serveMemory(t, newMountpoint(t), { suid: true, devices: true });
await mountSuite(t, server);

t.test("SIGTERM unmounts", async (t) => {
  server.process.kill("SIGTERM");
  t.equal(await server.exit, 0);
  t.same(fs.readdirSync(server.mountpoint), []);
});
