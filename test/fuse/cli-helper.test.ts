/** The program as mount(8) calls it, and mounts that end by themselves. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import t from "tap";
import { isAlive, isMounted, Program, servingPid, until } from "../support/dvault-program.ts";
import { cannotMount, ordinaryUser } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

t.test("mount(8) mounts by the helper, with the options of fstab", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const identity = `identity=${dvault.path("identity")}`;
  const call = [vault, mountpoint, "-n", "-o"];
  const refused = dvault.run([...call, `rw,bogus,${identity}`]);
  t.match(refused, { code: 2, err: /^dvault: -o bogus: there are ro, rw, [^\n]*\n$/ });
  t.equal(dvault.run([...call, `rw,${identity}`, "-f"]).code, 0, "looks as if");
  t.notOk(isMounted(mountpoint));

  const shown = "default_permissions,uid=1234,umask=027";
  const words = `rw,noexec,noatime,noauto,nofail,x-systemd.automount,${shown},${identity}`;
  const mounted = dvault.run([...call, words]);
  t.same(mounted, { code: 0, out: "", err: "" });
  const program = join(mountpoint, "program");
  writeFileSync(program, "#!/bin/sh\n");
  t.match(statSync(program), { uid: 1234, mode: 0o100750 });
  t.equal(spawnSync(program).error?.message, `spawnSync ${program} EACCES`, "noexec");
  const table = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const [line = ""] = table.filter((entry) => entry.includes(` ${mountpoint} `));
  t.match(line, /noexec,noatime.* fuse\.dvault .*,default_permissions/);
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);

  const [entry] = JSON.parse(dvault.ok("ls --json", vault));
  t.match(entry, { uid: process.getuid?.(), mode: "0644" }, "what is stored is as it was made");
});

t.test("a mount that nobody uses ends, but not while a file is open", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const idleMs = 1000;
  dvault.ok(`mount --idle ${idleMs / 1000}`, vault, mountpoint);
  const file = openSync(join(mountpoint, "a"), "w");
  writeFileSync(file, "kept");
  const pid = servingPid(dvault);
  await delay(2 * idleMs);
  t.ok(isMounted(mountpoint), "in use");
  closeSync(file);
  await until(() => !isMounted(mountpoint));
  await until(() => !isAlive(pid));
  t.same(dvault.status(), []);
  t.equal(dvault.ok("cat", vault, "/a"), "kept");
});

t.test("who may let others in is said with what root can do", async (t) => {
  if (/^user_allow_other/m.test(readFileSync("/etc/fuse.conf", "utf8"))) {
    t.plan(0, "fuse.conf lets every user let others in");
    return;
  }
  const dvault = await Program.start(t, ordinaryUser(t));
  const mountpoint = dvault.path("vault");
  const { code, err } = dvault.run(["mount", mountpoint, "--allow-other"], {
    DVAULT_PASSWORD: "correct horse",
  });
  t.equal(code, 1);
  t.match(err, /user_allow_other.*\/etc\/fuse\.conf; root can add that line/);
});

t.test("a driver whose package is missing says how to get it", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const line = ["mount", ...dvault.key, "--driver", "fuse-native", vault, dvault.directory("m")];
  const { code, err } = dvault.run(line);
  t.match({ code, err }, { code: 1, err: /npm install -g fuse-native@2\.2\.6/ });
});
