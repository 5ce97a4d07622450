/** The program as its users run it: mounts, and the process behind them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
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
  t.match(mounted.err, /made the mount point .*\n.*making the default vault/);
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
  t.match(dvault.run(["status"]).out, `${mountpoint}: `);
  t.same(dvault.run(["unmount", mountpoint]), { code: 0, out: "", err: "" });
  t.notOk(isMounted(mountpoint));
  t.same(dvault.status(), []);
  t.match(dvault.run(["unmount", mountpoint]), { code: 10, err: /^dvault: no vault is mounted/ });
  t.equal(dvault.run(["cat", "/a"], { DVAULT_PASSWORD: "correct horse" }).out, "hello");
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

t.test("a mount point that does not fit is one clear line each", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const full = dvault.directory("full");
  writeFileSync(join(full, "x"), "");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount", vault, mountpoint);
  const cases: readonly (readonly [string, RegExp])[] = [
    [dvault.path("missing"), /no such directory; make it first/],
    [dvault.path("missing/below"), /no such directory/],
    [full, /is not empty/],
    [join(full, "x"), /not a directory/],
    [mountpoint, /already a mount point/],
  ];
  for (const [place, message] of cases) {
    const { code, err } = dvault.run(["mount", ...dvault.key, vault, place]);
    t.equal(code, 1, place);
    t.match(err, message);
    t.match(err, /^dvault: [^\n]+\n$/);
  }
  dvault.run(["unmount", mountpoint]);
});

t.test(
  "the process in the background fails as the command would, and shows no secret",
  async (t) => {
    const dvault = await Program.start(t);
    const vault = dvault.path("v.dvault");
    const env = { DVAULT_PASSWORD: "correct horse" };
    dvault.run(["init", vault, "--kdf-passes", "1"], env);
    const mountpoint = dvault.directory("m");
    const before = readFileSync(vault);
    const wrong = dvault.run(["mount", vault, mountpoint], { DVAULT_PASSWORD: "wrong" });
    t.match(wrong, { code: 11, err: /^dvault: no key slot of the vault opens[^\n]*\n$/ });
    t.ok(readFileSync(vault).equals(before), "a wrong password changes nothing");
    t.equal(dvault.run(["mount", vault, mountpoint], env).code, 0);
    const pid = servingPid(dvault);
    for (const file of ["cmdline", "environ"]) {
      t.notMatch(readFileSync(`/proc/${pid}/${file}`, "latin1"), "correct horse");
    }
    const log = readdirSync(dvault.path(".local/state/dvault")).find((name) =>
      name.endsWith(".log"),
    );
    t.equal(statSync(dvault.path(`.local/state/dvault/${log}`)).mode & 0o777, 0o600);
    dvault.run(["unmount", mountpoint]);
  },
);

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

t.test("arguments of any bytes reach the vault", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const script = `"$@" mkdir --identity identity "$(printf '%s:/caf\\351' v.dvault)"`;
  const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
  const made = spawnSync("sh", ["-c", script, "sh", process.execPath, main], { cwd: dvault.home });
  t.equal(made.status, 0, String(made.stderr));
  const [entry] = JSON.parse(dvault.ok("ls --json", vault)) as { path: string }[];
  t.equal(entry?.path, "/caf\udce9");
});
