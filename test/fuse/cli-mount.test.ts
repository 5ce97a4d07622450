/** The program as its users run it: mounts, and the process behind them. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { isAlive, isMounted, Program, servingPid, until } from "../support/dvault-program.ts";
import { cannotMount, ordinaryUser } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

t.test("the first command of all makes vault and mount point", async (t) => {
  const dvault = await Program.start(t);
  const mountpoint = dvault.path("vault");
  const mounted = dvault.run(["mount", mountpoint], { DVAULT_PASSWORD: "correct horse" });
  t.equal(mounted.code, 0, mounted.err);
  t.match(mounted.err, /making the default vault.*\n.*made the mount point/);
  t.ok(isMounted(mountpoint), "it is mounted when the command returns");
  writeFileSync(join(mountpoint, "a"), "hello");
  t.match(dvault.status(), [
    {
      vault: dvault.path(".local/share/dvault/default.dvault"),
      mountpoint,
      pid: Number,
      generation: Number,
      unsafeBytes: Number,
      readOnly: false,
    },
  ]);
  t.match(dvault.run(["status"]).out, `${mountpoint}\n`);
  t.same(dvault.run(["unmount", mountpoint]), { code: 0, out: "", err: "" });
  t.notOk(isMounted(mountpoint));
  t.same(dvault.status(), []);
  t.match(dvault.run(["unmount", mountpoint]), { code: 10, err: /^dvault: no vault is mounted/ });
  t.equal(dvault.run(["cat", "/a"], { DVAULT_PASSWORD: "correct horse" }).out, "hello");
});

t.test("the default vault mounts again where its process was killed", async (t) => {
  const dvault = await Program.start(t);
  const mountpoint = dvault.path("vault");
  const mount = (): { code: number | null; err: string } =>
    dvault.run(["mount", mountpoint], { DVAULT_PASSWORD: "correct horse" });
  t.equal(mount().code, 0);
  const file = openSync(join(mountpoint, "a"), "w");
  writeSync(file, "hello");
  fsyncSync(file);
  closeSync(file);
  const pid = servingPid(dvault);
  process.kill(pid, "SIGKILL");
  await until(() => !isAlive(pid));
  t.throws(() => readdirSync(mountpoint), { code: "ENOTCONN" });
  t.same(mount(), { code: 0, out: "", err: "" });
  t.equal(readFileSync(join(mountpoint, "a"), "utf8"), "hello");
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
});

t.test("what was done on a mount is there on the next, and safe once unmounted", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount", vault, mountpoint);
  mkdirSync(join(mountpoint, "d"));
  writeFileSync(join(mountpoint, "d/big"), Buffer.alloc(5_000_000, "x"));
  const pid = servingPid(dvault);
  dvault.ok("ls", vault);
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  await until(() => !isAlive(pid));
  dvault.ok("mkdir", `${vault}:/e`);
  dvault.ok("mount", vault, mountpoint);
  t.same(readdirSync(mountpoint).sort(), ["d", "e"]);
  t.equal(statSync(join(mountpoint, "d/big")).size, 5_000_000);
  dvault.run(["unmount", mountpoint]);
});

t.test("one mount writes; others, and commands, read what it has written", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const [first, second] = [dvault.directory("m1"), dvault.directory("m2")];
  dvault.ok("mount", vault, first);
  writeFileSync(join(first, "a"), "fresh");
  t.equal(dvault.ok("cat", `${vault}:/a`), "fresh", "a command reads what was written just now");
  const refusal = new RegExp(`^dvault: .* is mounted on ${first}`);
  t.match(dvault.run(["mount", ...dvault.key, vault, second]), { code: 1, err: refusal });
  t.match(dvault.run(["mkdir", ...dvault.key, `${vault}:/d`]), { code: 1, err: refusal });
  t.match(dvault.run(["key", "add", ...dvault.key, vault]), { code: 1, err: refusal });
  dvault.ok("mount -r", vault, second);
  t.equal(readFileSync(join(second, "a"), "utf8"), "fresh");
  t.throws(() => writeFileSync(join(second, "b"), ""), { code: "EROFS" });
  t.match(dvault.status(), [{ readOnly: false }, { readOnly: true }]);
  t.equal(dvault.run(["unmount", second]).code, 0);
  t.equal(dvault.run(["unmount", first]).code, 0);
  dvault.ok("mount -o ro,nosuid", vault, second);
  t.throws(() => writeFileSync(join(second, "b"), ""), { code: "EROFS" });
  dvault.run(["unmount", second]);
});

t.test("an ordinary user mounts, writes and unmounts", async (t) => {
  const dvault = await Program.start(t, ordinaryUser(t));
  const mountpoint = dvault.path("vault");
  const mounted = dvault.run(["mount", mountpoint], { DVAULT_PASSWORD: "correct horse" });
  t.equal(mounted.code, 0, mounted.err);
  t.match(dvault.status(), [{ mountpoint }]);
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  const again = dvault.run(["ls"], { DVAULT_PASSWORD: "correct horse" });
  t.equal(again.code, 0, again.err);
});
