/** Mounting and unmounting: mount points fit and unfit, as root and as an ordinary user, busy and dead. */
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import {
  appendFile,
  open,
  readdir,
  readFile,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Attributes, FileSystem } from "../../src/core/fs/file-system.ts";
import type { MountOptions } from "../../src/mount/driver.ts";
import { KernelMount, kernelDriver } from "../../src/mount/kernel-driver.ts";
import { mountVault } from "../../src/mount/mount-vault.ts";
import { requestUnmount } from "../../src/mount/registry.ts";
import { MemoryFileSystem } from "../support/memory-file-system.ts";
import {
  type Account,
  cannotMount,
  isMounted,
  newMountpoint,
  ordinaryUser,
  serveMemory,
} from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);
const needsRoot = process.getuid?.() === 0 ? false : "needs root";

/** A mount served by this very process, so nothing on it may be called synchronously. */
async function mountHere(
  t: Test,
  options: Partial<MountOptions> = {},
  overrides: Partial<FileSystem> = {},
): Promise<KernelMount> {
  const memory = Object.assign(new MemoryFileSystem(), overrides);
  const mount = await mountVault({
    fs: memory,
    mountpoint: newMountpoint(t),
    options: { source: "memory", ...options },
  });
  if (!(mount instanceof KernelMount)) throw new Error("not our driver");
  t.teardown(() => mount.detach());
  return mount;
}

/** The error of a mount that is refused. */
async function refusal(mountpoint: string): Promise<{ code?: string; message: string }> {
  const request = { fs: new MemoryFileSystem(), mountpoint, options: { source: "memory" } };
  return await mountVault(request).then(
    () => ({ message: "mounted" }),
    (error) => error,
  );
}

t.test("an unfit mount point is refused in one line", async (t) => {
  const directory = newMountpoint(t);
  const file = join(directory, "file");
  const unfit: readonly [string, RegExp][] = [
    [join(directory, "missing"), /missing: there is no such directory; make it first$/],
    [join(directory, "missing", "deeper"), /deeper: there is no such directory/],
    [file, /file: not a directory$/],
    [directory, /is not empty; mount on an empty directory$/],
    ["/proc", /\/proc is already a mount point \(proc\); unmount it first or choose another$/],
  ];
  fs.writeFileSync(file, "");
  for (const [path, message] of unfit) {
    const error = await refusal(path);
    t.match(error, { code: "MOUNT_FAILED", message });
    t.notMatch(error.message, /\n/);
  }
});

t.test("a mount point is taken until it is unmounted", async (t) => {
  const mount = await mountHere(t);
  const { mountpoint } = mount;
  t.equal(mount.driver, kernelDriver.name);
  t.match(await refusal(mountpoint), { message: /already a mount point \(fuse\.dvault\)/ });
  await writeFile(join(mountpoint, "file"), "x");
  t.same(await readdir(mountpoint), ["file"]);
  await mount.unmount();
  t.notOk(isMounted(mountpoint));
  t.equal(await mount.ended, 0);
  await mount.unmount();
  await mount.detach();
});

t.test("the kernel is told what others changed", async (t) => {
  const found = { lookups: 0 };
  const model = new MemoryFileSystem();
  const lookup = (parent: number, name: Uint8Array): Attributes | undefined => {
    found.lookups += 1;
    return model.lookup(parent, name);
  };
  const overrides = { lookup, getattr: (ino: number) => model.getattr(ino) };
  const { mountpoint, notifier } = await mountHere(t, {}, overrides);
  const file = join(mountpoint, "file");
  await t.rejects(stat(file), { code: "ENOENT" });
  await t.rejects(stat(file), { code: "ENOENT" });
  t.equal(found.lookups, 1, "that there is no such name is remembered");
  const caller = { uid: 0, gid: 0 };
  const { ino } = model.mknod(1, Buffer.from("file"), { mode: 0o100644, umask: 0, caller }, 0);
  await notifier.entry(1, Buffer.from("file"));
  t.equal((await stat(file)).size, 0);
  model.write(ino, 0, Buffer.from("changed"));
  await notifier.inode(ino, 0);
  t.equal((await stat(file)).size, 7);
  model.unlink(1, Buffer.from("file"));
  await notifier.removed(1, ino, Buffer.from("file"));
  await t.rejects(stat(file), { code: "ENOENT" });
});

t.test("a mount that is in use is not unmounted, but can be cut off", async (t) => {
  const mount = await mountHere(t);
  const file = await open(join(mount.mountpoint, "file"), "w+");
  await t.rejects(mount.unmount(), {
    code: "MOUNT_FAILED",
    message: /is busy: close the programs/,
  });
  await file.write("still served");
  await mount.detach();
  t.notOk(isMounted(mount.mountpoint));
  await t.rejects(file.read(Buffer.alloc(20), 0, 20, 2 ** 20), { code: "ENOTCONN" });
  await t.rejects(file.close(), { code: "ENOTCONN" });
});

t.test("a read-only mount refuses every change", async (t) => {
  const { mountpoint } = await mountHere(t, { readOnly: true });
  await t.rejects(writeFile(join(mountpoint, "file"), ""), { code: "EROFS" });
});

t.test("the kernel gathers small writes when it may", async (t) => {
  const mount = await mountHere(t, { writebackCache: true });
  const path = join(mount.mountpoint, "file");
  const file = await open(path, "w");
  for (let i = 0; i < 1000; i++) await file.write("0123456789");
  await file.close();
  await appendFile(path, "end");
  await utimes(path, 1, 2);
  await truncate(path, 9_995);
  await appendFile(path, "END");
  const expected = `${"0123456789".repeat(1000).slice(0, 9_995)}END`;
  t.equal(await readFile(path, "latin1"), expected);
  const { WRITE = 0 } = mount.requestCounts();
  t.ok(WRITE < 100, `${WRITE} requests for 1,002 writes`);
});

t.test("a program waiting for a store out of reach can be killed", async (t) => {
  let reached: () => void = () => {};
  const read = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const overrides = {
    read: (): Promise<Uint8Array[]> => {
      reached();
      return new Promise(() => {});
    },
  };
  const mount = await mountHere(t, {}, overrides);
  const file = join(mount.mountpoint, "file");
  await writeFile(file, "x");
  const reader = spawn("dd", [`if=${file}`, "iflag=direct"]);
  await read;
  reader.kill("SIGWINCH");
  reader.kill("SIGTERM");
  await new Promise((resolve) => reader.once("exit", resolve));
  t.equal(reader.signalCode, "SIGTERM");
  t.ok(mount.requestCounts().INTERRUPT);
});

t.test("a mount whose process was killed is recognised and healed", async (t) => {
  const mountpoint = newMountpoint(t);
  const first = await serveMemory(t, mountpoint);
  fs.writeFileSync(join(mountpoint, "file"), "");
  fs.statSync(mountpoint);
  first.process.kill("SIGKILL");
  t.equal(await first.exit, "SIGKILL");
  t.ok(fs.statSync(mountpoint), "the kernel still answers what it has cached");
  t.throws(() => fs.readdirSync(mountpoint), { code: "ENOTCONN" });
  const second = await serveMemory(t, mountpoint);
  t.same(fs.readdirSync(mountpoint), []);
  second.process.kill("SIGKILL");
  await second.exit;
  process.env.XDG_RUNTIME_DIR = t.testdir();
  await requestUnmount(mountpoint);
  t.notOk(isMounted(mountpoint));
  await t.rejects(requestUnmount(mountpoint), { code: "NOT_MOUNTED" });
});

t.test("an ordinary user mounts, works, unmounts and heals", { skip: needsRoot }, async (t) => {
  const as = ordinaryUser(t);
  const mountpoint = newMountpoint(t, as);
  const shell = (command: string): string => {
    const { stdout, stderr } = spawnSync("sh", ["-c", `cd ${mountpoint} && ${command}`], {
      ...as,
      encoding: "utf8",
    });
    return stdout + stderr;
  };
  const first = await serveMemory(t, mountpoint, { as });
  t.equal(shell("mkdir d && echo hello > d/f && cat d/f && stat -c %u d/f"), `hello\n${as.uid}\n`);
  const setId = "echo x > s && chmod 6755 s && stat -c %a s && echo x >> s && stat -c %a s";
  t.equal(shell(setId), "6755\n755\n", "writing takes set-ID bits away, for the kernel as well");
  t.match(
    fs.readFileSync("/proc/self/mounts", "latin1"),
    `memory ${mountpoint} fuse.dvault rw,nosuid,nodev`,
  );
  t.throws(() => fs.readdirSync(mountpoint), { code: "EACCES" }, "others stay out, root included");
  first.process.kill("SIGKILL");
  await first.exit;
  const second = await serveMemory(t, mountpoint, { as, source: "a,b\\c d" });
  t.match(
    fs.readFileSync("/proc/self/mounts", "latin1"),
    `a,b\\134c\\040d ${mountpoint} fuse.dvault`,
  );
  await second.ask("unmount");
  t.equal(await second.exit, 0);
  t.notOk(isMounted(mountpoint));
});

/** What starts a program as another user, who may not open `/dev/fuse`: for that program something else stands there. */
function withoutDevice(t: Test, { uid, gid }: Account): readonly string[] {
  const closed = join(t.testdir({ fuse: "" }), "fuse");
  fs.chmodSync(closed, 0o600);
  const script = `mount --bind "$1" /dev/fuse && shift && exec "$@"`;
  const user = ["setpriv", "--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
  return ["unshare", "--mount", "sh", "-ec", script, "sh", closed, ...user];
}

t.test("what fusermount3 refuses is passed on", { skip: needsRoot }, async (t) => {
  const as = ordinaryUser(t);
  const mountpoint = newMountpoint(t);
  await t.rejects(serveMemory(t, mountpoint, { as }), {
    code: "MOUNT_FAILED",
    message: /permission denied/,
  });
  fs.chmodSync(mountpoint, 0o755);
  await t.rejects(serveMemory(t, mountpoint, { as }), {
    code: "MOUNT_FAILED",
    message: /^cannot mount on .*: .*(access|permission)/,
  });
  fs.chownSync(mountpoint, as.uid, as.gid);
  await t.rejects(serveMemory(t, mountpoint, { through: withoutDevice(t, as) }), {
    code: "MOUNT_FAILED",
    message: /chmod 666 \/dev\/fuse/,
  });
});
