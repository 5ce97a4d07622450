/** What the program refuses to mount, and what its arguments and its process show. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Program, servingPid } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import { untraced } from "../support/untraced.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

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

t.test("arguments of any bytes reach the vault", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const script = `"$@" mkdir --identity identity "$(printf '%s:/caf\\351' v.dvault)"`;
  const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
  const args = ["-c", script, "sh", process.execPath, main];
  const made = spawnSync(...untraced("sh", args), { cwd: dvault.home });
  t.equal(made.status, 0, String(made.stderr));
  const [entry] = JSON.parse(dvault.ok("ls --json", vault)) as { path: string }[];
  t.equal(entry?.path, "/caf\udce9");
});
