/** Snapshots as users of a mount meet them. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Program, until } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import { treeSnapshot } from "../support/tree-snapshot.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

t.test("deleted files come back with cp", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const path = (name: string): string => join(mountpoint, name);
  dvault.ok("mount", vault, mountpoint);
  t.throws(() => lstatSync(path(".snapshots/a")), { code: "ENOENT" });
  mkdirSync(path("d"));
  writeFileSync(path("d/small"), "small");
  writeFileSync(path("d/big"), Buffer.alloc(3_000_000, "x"));
  const before = treeSnapshot(path("d"));
  t.match(dvault.run(["snapshot", "create", mountpoint, "a"]), { code: 0, out: /a\n$/ });
  rmSync(path("d"), { recursive: true });
  t.same(readdirSync(mountpoint), [], "the list of snapshots is not listed");
  t.same(readdirSync(path(".snapshots")), ["a"]);
  t.same(treeSnapshot(path(".snapshots/a/d")), before);
  execFileSync("cp", ["-a", path(".snapshots/a/d"), mountpoint]);
  t.same(treeSnapshot(path("d")), before);
  t.throws(() => writeFileSync(path(".snapshots/a/d/small"), "x"), { code: "EROFS" });
  t.throws(() => writeFileSync(path(".snapshots/x"), "x"), { code: "EROFS" });
  dvault.run(["snapshot", "create", mountpoint, "b"]);
  t.same(readdirSync(path(".snapshots")), ["a", "b"], "a new one shows at once");
  t.equal(dvault.run(["snapshot", "delete", mountpoint, "a"]).code, 0);
  t.same(readdirSync(path(".snapshots")), ["b"]);
  t.throws(() => lstatSync(path(".snapshots/a")), { code: "ENOENT" });
  writeFileSync(path("d/small"), "changed");
  dvault.run(["snapshot", "create", mountpoint, "a"]);
  t.equal(readFileSync(path(".snapshots/a/d/small"), "utf8"), "changed", "a name used again");
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  dvault.ok("check", vault);
});

t.test("a mount brings files of a snapshot back, while they are in use", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  const path = (name: string): string => join(mountpoint, name);
  const snapshot = (...args: readonly string[]): ReturnType<Program["run"]> =>
    dvault.run(["snapshot", ...args]);
  dvault.ok("mount", vault, mountpoint);
  mkdirSync(path("d"));
  writeFileSync(path("d/small"), "small");
  writeFileSync(path("d/big"), Buffer.alloc(3_000_000, "x"));
  const before = treeSnapshot(path("d"));
  snapshot("create", mountpoint, "a");
  rmSync(path("d/big"));
  const handle = openSync(path("d/small"), "r+");
  writeSync(handle, "other");
  t.match(snapshot("diff", vault, "a"), { code: 0, out: "M /d\n- /d/big\nM /d/small\n" });
  t.match(snapshot("restore", mountpoint, "a"), { code: 1, err: /\/d\/small: something else/ });
  t.throws(() => lstatSync(path("d/big")), { code: "ENOENT" });
  t.match(snapshot("restore", "--force", mountpoint, "a"), {
    code: 0,
    out: "M /d\n+ /d/big\nM /d/small\n",
  });
  t.same(treeSnapshot(path("d")), before, "it shows at once");
  t.equal(readFileSync(handle, "utf8"), "", "who has it open goes on with the other");
  writeSync(handle, "more");
  closeSync(handle);
  t.same(treeSnapshot(path("d")), before);
  t.match(snapshot("diff", mountpoint, "a"), { code: 0, out: "" });
  rmSync(path("d"), { recursive: true });
  snapshot("restore", "--to", "/e/", mountpoint, "a", "d");
  t.same(treeSnapshot(path("e")), before);
  snapshot("delete", mountpoint, "a");
  t.same(treeSnapshot(path("e")), before);
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  dvault.ok("check --read-data", vault);
});

t.test("a snapshot, or a time, is mounted read-only", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount", vault, mountpoint);
  writeFileSync(join(mountpoint, "a"), "old");
  dvault.run(["snapshot", "create", mountpoint, "then"]);
  writeFileSync(join(mountpoint, "a"), "new");
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  for (const at of ["then", "2999-01-01"]) {
    dvault.ok(`mount --at ${at}`, vault, mountpoint);
    t.equal(readFileSync(join(mountpoint, "a"), "utf8"), "old");
    t.throws(() => writeFileSync(join(mountpoint, "b"), ""), { code: "EROFS" });
    t.equal(dvault.run(["unmount", mountpoint]).code, 0);
  }
  const wrong = dvault.run(["mount", "--at", "never", ...dvault.key, vault, mountpoint]);
  t.match(wrong, { code: 2, err: /no snapshot is called never/ });
});

t.test("a mount makes snapshots by itself", async (t) => {
  const dvault = await Program.start(t);
  const vault = dvault.vault("v.dvault");
  const mountpoint = dvault.directory("m");
  dvault.ok("mount --keep hourly:2", vault, mountpoint);
  await until(() => /^\S+ {2}auto-\S+\n$/.test(dvault.run(["snapshot", "list", mountpoint]).out));
  t.equal(dvault.run(["unmount", mountpoint]).code, 0);
});
