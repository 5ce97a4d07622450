/** How mounts and commands of the program end: signals, open files, sudden death, Ctrl-C. */
import { once } from "node:events";
import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { isAlive, isMounted, Program, servingPid, until } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  t.test(`${signal} unmounts cleanly, in the foreground and in the background`, async (t) => {
    const dvault = await Program.start(t);
    const vault = dvault.vault("v.dvault");
    const mountpoint = dvault.directory("m");
    const foreground = dvault.start(["mount", "-f", ...dvault.key, vault, mountpoint]);
    await until(() => dvault.status().length === 1);
    writeFileSync(join(mountpoint, "a"), "1");
    foreground.kill(signal);
    t.same(await once(foreground, "exit"), [0, null]);
    t.notOk(isMounted(mountpoint));

    dvault.ok("mount", vault, mountpoint);
    writeFileSync(join(mountpoint, "b"), "2");
    const pid = servingPid(dvault);
    process.kill(pid, signal);
    await until(() => !isAlive(pid));
    t.notOk(isMounted(mountpoint));
    t.equal(dvault.ok("cat", vault, "/a", "/b"), "12");
  });
}

t.test("files that are open keep a mount alive until they are closed", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const foreground = dvault.start(["mount", "-f", ...dvault.key, vault, mountpoint]);
  await until(() => dvault.status().length === 1);
  const fd = openSync(join(mountpoint, "a"), "w");
  writeSync(fd, "one ");
  t.match(dvault.run(["unmount", mountpoint]), { code: 1, err: /is busy/ });
  foreground.kill("SIGTERM");
  const [said] = (await once(foreground.stderr ?? foreground, "data")) as [Buffer];
  t.match(String(said), /is busy.*waiting/);
  writeSync(fd, "two");
  closeSync(fd);
  t.same(await once(foreground, "exit"), [0, null]);
  t.equal(dvault.ok("cat", vault, "/a"), "one two");
});

t.test("a mount whose process was killed is healed, or taken away", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const die = async (): Promise<void> => {
    dvault.ok("mount", vault, mountpoint);
    const pid = servingPid(dvault);
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid));
    t.throws(() => readdirSync(mountpoint), { code: "ENOTCONN" });
    t.same(dvault.status(), []);
  };
  await die();
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  t.same(readdirSync(mountpoint), []);
  await die();
  dvault.ok("mount", vault, mountpoint);
  writeFileSync(join(mountpoint, "a"), "alive");
  dvault.run(["unmount", mountpoint]);
  t.equal(dvault.ok("cat", vault, "/a"), "alive");
});

t.test("Ctrl-C leaves whole files in the vault and nothing of the others", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const put = dvault.start(["put", ...dvault.key, "-", `${vault}:/a`]);
  const { stdin } = put;
  if (stdin === null) throw new Error("no standard input");
  const isTaken = new Promise((resolve) => stdin.write(Buffer.alloc(5_000_000), resolve));
  await isTaken;
  put.kill("SIGINT");
  t.same(await once(put, "exit"), [130, null]);
  t.equal(dvault.ok("ls", vault), "");
});
