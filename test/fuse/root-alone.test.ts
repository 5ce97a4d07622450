/** A mount that is root's alone, where nobody checks permissions, and the same where the kernel does. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { cannotMount, newMountpoint, type Server, serveMemory } from "../support/mounted-memory.ts";
import { buildPosixTool, PosixTool } from "../support/posix-tool.ts";
import { TYPESCRIPT, untraced } from "../support/untraced.ts";

const skip = cannotMount() || (process.getuid?.() === 0 ? false : "needs root");
if (skip) t.plan(0, skip);

const program = buildPosixTool(t);

/** What the tool answers on a mount. */
async function answers(directory: string, calls: readonly string[]): Promise<readonly string[]> {
  const tool = new PosixTool(program, directory);
  const found = await tool.run(calls);
  await tool.end();
  return found;
}

/** Requests of each kind that some work takes, by name. */
async function requests(server: Server, work: () => void): Promise<(name: string) => number> {
  const before = (await server.ask("report")).counts;
  work();
  const after = (await server.ask("report")).counts;
  return (name) => (after[name] ?? 0) - (before[name] ?? 0);
}

function optionsOf(mountpoint: string): string {
  const lines = readFileSync("/proc/mounts", "utf8").split("\n");
  return lines.find((line) => line.includes(` ${mountpoint} `)) ?? "";
}

t.test("the kernel checks permissions where others get in, and where it is asked to", async (t) => {
  const checks = async (options: object): Promise<boolean> =>
    optionsOf((await serveMemory(t, newMountpoint(t), options)).mountpoint).includes(
      "default_permissions",
    );
  t.equal(await checks({}), false);
  t.equal(await checks({ allowOther: true }), true);
  t.equal(await checks({ defaultPermissions: true }), true);
});

const canUnshare = spawnSync("unshare", ["-Ur", "true"]).status === 0;
t.test("and where root is that of a container", { skip: !canUnshare }, async (t) => {
  const path = JSON.stringify(new URL("../../src/mount/permission-checks.ts", import.meta.url));
  const script = `import { permissionChecks } from ${path}; console.log(permissionChecks({}))`;
  const node = [process.execPath, ...TYPESCRIPT, "--input-type=module", "--eval", script];
  const says = (...before: string[]): string =>
    spawnSync(...untraced("env", [...before, ...node]), { encoding: "utf8" }).stdout;
  t.equal(says(), "needless\n");
  t.equal(says("unshare", "-Ur"), "kernel\n");
});

t.test("nothing is asked of a directory that names come to and go from", async (t) => {
  const work = async (t: Test, options: object): Promise<(name: string) => number> => {
    const server = await serveMemory(t, newMountpoint(t), options);
    const directory = join(server.mountpoint, "d");
    mkdirSync(directory);
    return requests(server, () => {
      for (let i = 0; i < 100; i++) writeFileSync(join(directory, `${i}`), "");
      for (let i = 0; i < 100; i++) rmSync(join(directory, `${i}`));
    });
  };
  const asked = await work(t, {});
  t.match([asked("MKNOD"), asked("UNLINK")], [100, 100]);
  t.ok(asked("CREATE") <= 1, "the kernel makes and opens files by MKNOD alone");
  t.equal(asked("RELEASE"), 0, "so none is released, though none was opened before");
  t.equal(asked("GETATTR"), 0);
  t.equal(asked("ACCESS"), 0);
  const checked = await work(t, { defaultPermissions: true });
  t.ok(checked("GETATTR") >= 200, "where the kernel checks, it needs the mode after each change");
});

t.test("root may do everything but run what nobody may", async (t) => {
  const { mountpoint } = await serveMemory(t, newMountpoint(t));
  const right = await answers(mountpoint, [
    ...["make f 0", "mkdir d 0", "access f R_OK|W_OK", "access f X_OK", "access d X_OK", "chdir d"],
    ...["chdir ..", "exec f", "chmod f 0001", "access f X_OK", "exec f"],
  ]);
  t.same(right, [...["0", "0", "0", "EACCES", "0", "0"], ...["0", "EACCES", "0", "0", "ENOEXEC"]]);
  const reader = await serveMemory(t, newMountpoint(t), { readOnly: true });
  t.same(await answers(reader.mountpoint, ["access . W_OK", "access . R_OK"]), ["EROFS", "0"]);
});

t.test("who acts for somebody else is refused, but may go on with what is open", async (t) => {
  const { mountpoint } = await serveMemory(t, newMountpoint(t));
  const STRANGER = "acting 2001";
  const right = await answers(mountpoint, [
    ...["make f 0600", "make g 0666", "mkdir d 0777", "open 0 f O_RDWR", "open 1 . O_DIRECTORY"],
    ...["make d/f", "mkdir e 0777", "chmod f 0777", "unlink g", "rename g h"].map(
      (call) => `${STRANGER} ${call}`,
    ),
    ...["getxattr f user.x", "chdir d", "list d", "stat missing type", "truncate f 0"].map(
      (call) => `${STRANGER} ${call}`,
    ),
    ...["write 0 0 10 1", "ftruncate 0 5"].map((call) => `${STRANGER} ${call}`),
    ...["write 0 5 5 1", "seek 0 0 SEEK_END"].map((call) => `as 2001:2001 ${call}`),
    ...["as 2001:2001 list .", "fsync 0", "fstat 0 size,mode"],
  ]);
  t.same(right, [
    ...["0", "0", "0", "0", "0"],
    ...["EACCES", "EACCES", "EACCES", "EACCES", "EACCES"],
    ...["EACCES", "EACCES", "EACCES", "EACCES", "EACCES"],
    ...["10", "0"],
    ...["5", "10"],
    ...["EACCES", "0", "10 0600"],
  ]);
});

t.test(
  "the output of a program that another user runs goes to a file that root opened",
  async (t) => {
    const { mountpoint } = await serveMemory(t, newMountpoint(t));
    const file = join(mountpoint, "out");
    const run = `setpriv --reuid 2001 --regid 2001 --clear-groups sh -c 'echo one; echo two' > ${file}`;
    t.equal(spawnSync("sh", ["-c", run], { cwd: "/" }).status, 0);
    t.equal(readFileSync(file, "utf8"), "one\ntwo\n");
  },
);
