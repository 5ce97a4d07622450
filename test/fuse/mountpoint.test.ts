/** Mounting and unmounting: mount points fit and unfit, as root and as an ordinary user, busy and dead. */
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import { kernelDriver } from "../../src/mount/kernel-driver.ts";
import { mountVault } from "../../src/mount/mount-vault.ts";
import * as host from "../../src/native/host.ts";
import { MemoryFileSystem } from "../support/memory-file-system.ts";
import {
  cannotMount,
  isMounted,
  newMountpoint,
  ordinaryUser,
  type Server,
  serveMemory,
} from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);
const needsRoot = process.getuid?.() === 0 ? false : "needs root";

/** The error of a mount that is refused. */
async function refusal(mountpoint: string): Promise<{ code?: string; message: string }> {
  const request = { fs: new MemoryFileSystem(), mountpoint, options: { source: "memory" } };
  return await mountVault(request).then(
    () => ({ message: "mounted" }),
    (error) => error,
  );
}

/** Waits for a line of a child's output. */
function firstOutput(child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve) => child.stdout?.once("data", (data) => resolve(String(data))));
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
  const mountpoint = newMountpoint(t);
  const server = await serveMemory(t, mountpoint);
  t.match(await refusal(mountpoint), { message: /already a mount point \(fuse\.dvault\)/ });
  await server.ask("unmount");
  t.equal(await server.exit, 0);
  t.notOk(isMounted(mountpoint));
});

t.test("a mount in the same process is unmounted, and unmounted again", async (t) => {
  const mountpoint = newMountpoint(t);
  const mount = await mountVault({
    fs: new MemoryFileSystem(),
    mountpoint,
    options: { source: "memory" },
  });
  t.match(mount, { mountpoint, driver: kernelDriver.name });
  await fs.promises.writeFile(join(mountpoint, "file"), "x");
  mount.notifier.inode(2);
  mount.notifier.inode(2, 0);
  mount.notifier.entry(1, Buffer.from("file"));
  mount.notifier.removed(1, 2, Buffer.from("file"));
  t.same(await fs.promises.readdir(mountpoint), ["file"]);
  await mount.unmount();
  await mount.unmount();
  await mount.detach();
  t.equal(await mount.ended, 0);
  t.notOk(isMounted(mountpoint));
});

t.test("a mount that is in use is not unmounted, but can be cut off", async (t) => {
  const server = await serveMemory(t, newMountpoint(t));
  const file = join(server.mountpoint, "file");
  const fd = fs.openSync(file, "w+");
  await t.rejects(server.ask("unmount"), {
    code: "MOUNT_FAILED",
    message: /is busy: close the programs/,
  });
  fs.writeSync(fd, "still served");
  await server.ask("detach");
  t.equal(await server.exit, 0);
  t.notOk(isMounted(server.mountpoint));
  t.throws(() => fs.readSync(fd, Buffer.alloc(20), 0, 20, 2 ** 20), { code: "ENOTCONN" });
  t.throws(() => fs.closeSync(fd), { code: "ENOTCONN" });
});

t.test("a mount whose process was killed is recognised and healed", async (t) => {
  const mountpoint = newMountpoint(t);
  const first = await serveMemory(t, mountpoint);
  first.process.kill("SIGKILL");
  t.equal(await first.exit, "SIGKILL");
  t.throws(() => fs.statSync(mountpoint), { code: "ENOTCONN" });
  const second = await serveMemory(t, mountpoint);
  t.same(fs.readdirSync(mountpoint), []);
  await second.ask("unmount");
  t.notOk(isMounted(mountpoint));
});

t.test("a read-only mount refuses every change", async (t) => {
  const server = await serveMemory(t, newMountpoint(t), { readOnly: true });
  t.throws(() => fs.writeFileSync(join(server.mountpoint, "file"), ""), { code: "EROFS" });
  await server.ask("unmount");
});

t.test("a program waiting for a store out of reach can be killed", async (t) => {
  const server = await serveMemory(t, newMountpoint(t));
  const file = join(server.mountpoint, "file");
  fs.writeFileSync(file, "x");
  host.setXattr(Buffer.from(file), Buffer.from("user.stuck"), new Uint8Array(0));
  const reader = spawn("sh", ["-c", "echo ready; exec dd if=file iflag=direct"], {
    cwd: server.mountpoint,
  });
  await firstOutput(reader);
  const before = await pendingRead(server);
  reader.kill("SIGWINCH");
  reader.kill("SIGTERM");
  await new Promise((resolve) => reader.once("exit", resolve));
  t.equal(reader.signalCode, "SIGTERM");
  t.equal(before, 1);
  t.ok(((await server.ask("report")).counts.INTERRUPT ?? 0) > 0);
  await server.ask("detach");
});

/** Resolves when a read has reached the server. */
async function pendingRead(server: Server): Promise<number> {
  for (;;) {
    const { counts } = await server.ask("report");
    if (counts.READ !== undefined) return counts.READ;
  }
}

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
  fs.chmodSync("/dev/fuse", 0o600);
  await t.rejects(serveMemory(t, mountpoint, { as }), {
    code: "MOUNT_FAILED",
    message: /chmod 666 \/dev\/fuse/,
  });
});
