/**
 * What ordinary programs and system calls may expect of a mount whose file system is in memory: the mount alone is on
 * trial. Run once a driver; what a driver cannot do is left out by name, with a reason.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import type { Test } from "tap";
import * as host from "../../src/native/host.ts";
import type { Server } from "../support/mounted-memory.ts";

const needsRoot = process.getuid?.() === 0 ? false : "needs root";
/** Of open(2); not among Node's constants. */
const O_TMPFILE = 0o20_200_000;

/** Tests that are left out, by name, and why. */
export type Without = Readonly<Record<string, string>>;

/** Runs the suite on a mount that {@link serveMemory} made, with set-ID bits and devices allowed. */
export async function mountSuite(t: Test, server: Server, without: Without = {}): Promise<void> {
  const root = server.mountpoint;
  const names = new Set<string>();

  const check = (name: string, body: (t: Test) => Promise<void>, skip?: string | false): void => {
    names.add(name);
    void t.test(name, { skip: without[name] ?? skip ?? false }, body);
  };
  const checkAsRoot = (name: string, body: (t: Test) => Promise<void>): void =>
    check(name, body, needsRoot);

  /** A directory of its own for each test. */
  function place(name: string): string {
    const directory = join(root, name);
    fs.mkdirSync(directory);
    return directory;
  }

  function run(command: string, cwd: string): string {
    const { status, stdout, stderr } = spawnSync("bash", ["-ec", command], {
      cwd,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${command}: ${stderr}`);
    return stdout;
  }

  check("files are written, read, appended to and truncated", async (t) => {
    const file = join(place("files"), "a");
    const data = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >>> 3));
    fs.writeFileSync(file, data);
    t.ok(fs.readFileSync(file).equals(data), "3 MB in requests of up to 1 MiB");
    fs.appendFileSync(file, "tail");
    t.equal(fs.statSync(file).size, data.length + 4);
    fs.truncateSync(file, 100_000);
    t.ok(fs.readFileSync(file).equals(data.subarray(0, 100_000)));
    fs.truncateSync(file, 100_010);
    t.same(fs.readFileSync(file).subarray(100_000), Buffer.alloc(10));
    fs.writeFileSync(file, "short");
    t.equal(fs.readFileSync(file, "utf8"), "short", "O_TRUNC");
  });

  check("an open file lives on without its name", async (t) => {
    const file = join(place("unlinked"), "a");
    const fd = fs.openSync(file, "w+");
    fs.writeSync(fd, "still here");
    fs.unlinkSync(file);
    t.notOk(fs.existsSync(file));
    const room = Buffer.alloc(20);
    t.equal(fs.readSync(fd, room, 0, 20, 0), 10);
    t.equal(fs.fstatSync(fd).nlink, 0);
    fs.closeSync(fd);
  });

  check("names of any bytes up to 255", async (t) => {
    const directory = place("names");
    const longest = Buffer.concat([Buffer.from(`${directory}/`), Buffer.alloc(255, 0xff)]);
    fs.writeFileSync(longest, "x");
    t.same(fs.readdirSync(directory, { encoding: "buffer" }), [Buffer.alloc(255, 0xff)]);
    t.throws(() => fs.writeFileSync(Buffer.concat([longest, Buffer.from("x")]), ""), {
      code: "ENAMETOOLONG",
    });
  });

  check("links, renames and exchanges", async (t) => {
    const directory = place("links");
    const at = (name: string): string => join(directory, name);
    fs.writeFileSync(at("a"), "a");
    fs.linkSync(at("a"), at("b"));
    t.equal(fs.statSync(at("b")).nlink, 2);
    fs.symlinkSync("a", at("soft"));
    t.equal(fs.readlinkSync(at("soft")), "a");
    t.equal(fs.readFileSync(at("soft"), "utf8"), "a");
    fs.mkdirSync(at("dir"));
    fs.renameSync(at("b"), at("dir/b"));
    t.throws(() => fs.renameSync(at("a"), at("dir")), { code: "EISDIR" });
    t.throws(() => fs.rmdirSync(at("dir")), { code: "ENOTEMPTY" });
    t.throws(() => fs.renameSync(at("dir"), at("dir/b/c")));
    run("mv --no-clobber a dir/b; test -e a", directory);
    fs.unlinkSync(at("dir/b"));
    fs.rmdirSync(at("dir"));
    t.same(fs.readdirSync(directory).sort(), ["a", "soft"]);
  });

  checkAsRoot("modes, owners, times and special files", async (t) => {
    const directory = place("attributes");
    const file = join(directory, "a");
    fs.writeFileSync(file, "x", { mode: 0o4755 });
    t.equal(fs.statSync(file).mode & 0o7777, 0o4755);
    fs.chownSync(file, 1000, 1000);
    t.match(fs.statSync(file), { uid: 1000, gid: 1000 });
    t.equal(fs.statSync(file).mode & 0o7777, 0o755, "a change of owner takes set-user-ID along");
    host.setTimes(Buffer.from(file), { sec: -1, nsec: 5 }, { sec: 2 ** 33, nsec: 999_999_999 });
    const { atimeNs, mtimeNs } = fs.statSync(file, { bigint: true });
    t.same([atimeNs, mtimeNs], [-999_999_995n, BigInt(2 ** 33) * 1_000_000_000n + 999_999_999n]);
    for (const [name, mode, rdev] of [
      ["fifo", 0o010644, 0],
      ["char", 0o020600, 0x0103],
    ] as const) {
      host.mknod(Buffer.from(join(directory, name)), mode, rdev);
      t.match(fs.lstatSync(join(directory, name)), { mode, rdev });
    }
    t.ok(
      fs.readFileSync(join(directory, "char")).length === 0,
      "a device can be opened where it is allowed",
    );
    t.ok(fs.statSync(file).birthtimeMs > 1.6e12, "and the time of birth is known");
  });

  check("the umask is applied", async (t) => {
    const directory = place("umask");
    run("umask 027; touch f; mkdir d; mkfifo p", directory);
    t.equal(run("stat -c %a f d p", directory), "640\n750\n640\n");
  });

  check("extended attributes", async (t) => {
    const file = Buffer.from(join(place("xattrs"), "a"));
    fs.writeFileSync(file, "");
    const name = Buffer.from("user.colour");
    host.setXattr(file, name, Buffer.from("blue"));
    t.throws(() => host.setXattr(file, name, Buffer.from("x"), "create"), { code: "EEXIST" });
    t.same(Buffer.from(host.getXattr(file, name)), Buffer.from("blue"));
    host.setXattr(file, Buffer.from("user.empty"), new Uint8Array(0), "create");
    t.same(host.listXattrs(file).map(String).length, 2);
    host.removeXattr(file, name);
    t.throws(() => host.getXattr(file, name), { code: "ENODATA" });
    const big = Buffer.alloc(65_536, 1);
    host.setXattr(file, name, big);
    t.ok(big.equals(host.getXattr(file, name)));
  });

  check("holes, allocation, copies and locks", async (t) => {
    const directory = place("holes");
    const fd = fs.openSync(join(directory, "sparse"), "w+");
    t.teardown(() => fs.closeSync(fd));
    fs.writeSync(fd, "end", 8 * 2 ** 40);
    t.equal(fs.fstatSync(fd).size, 8 * 2 ** 40 + 3, "8 TiB");
    t.equal(host.seek(fd, 0, "data"), 8 * 2 ** 40);
    t.equal(host.seek(fd, 0, "hole"), 0);
    t.equal(host.seek(fd, 2 ** 44, "data"), undefined);
    host.allocate(fd, 0, 100_000);
    t.equal(host.seek(fd, 0, "data"), 0);
    host.punchHole(fd, 0, 2 ** 20);
    t.equal(host.seek(fd, 0, "data"), 8 * 2 ** 40);
    fs.writeFileSync(join(directory, "source"), Buffer.alloc(1_000_000, 7));
    run("cp --sparse=never source copy && cmp source copy", directory);
    t.ok(host.tryLock(fd, "exclusive"));
    const other = fs.openSync(join(directory, "sparse"), "r");
    t.notOk(host.tryLock(other, "shared"), "locks are the kernel's, and work");
    t.ok(host.tryLock(fd, "none"));
    t.ok(host.tryLock(other, "shared"));
    fs.closeSync(other);
  });

  check("a directory of 5,000 entries is listed while it changes", async (t) => {
    const directory = place("big");
    run("seq 1 5000 | xargs touch", directory);
    t.equal(fs.readdirSync(directory).length, 5000);
    t.equal(run("ls -l | wc -l", directory).trim(), "5001");
    const open = fs.opendirSync(directory);
    const seen = new Set<string>();
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      seen.add(entry.name);
      fs.unlinkSync(join(directory, entry.name));
    }
    open.closeSync();
    t.equal(seen.size, 5000);
    t.same(fs.readdirSync(directory), []);
  });

  check("a file without a name can be given one", async (t) => {
    const directory = place("tmpfile");
    const fd = fs.openSync(directory, O_TMPFILE | fs.constants.O_RDWR, 0o600);
    fs.writeSync(fd, "named late");
    t.same(fs.readdirSync(directory), []);
    const late = join(directory, "late");
    spawnSync("ln", ["-L", "/proc/self/fd/3", late], {
      stdio: ["ignore", "inherit", "inherit", fd],
    });
    fs.closeSync(fd);
    t.equal(fs.readFileSync(late, "utf8"), "named late");
  });

  check("programs: tar, rsync and cp keep everything", async (t) => {
    const directory = place("programs");
    run("tar -cf - -C /usr/include/linux . | tar -xf - -C .", directory);
    run("diff -r /usr/include/linux .", directory);
    const copy = place("programs-copy");
    run(`rsync -aHAX ../${basename(directory)}/ . && diff -r ../${basename(directory)} .`, copy);
    t.equal(
      run(`rsync -aHAXn --checksum --itemize-changes ../${basename(directory)}/ .`, copy),
      "",
    );
    t.equal(run("df --output=fstype . | tail -1", copy).trim(), "fuse.dvault");
  });

  check("many programs at once", async (t) => {
    const directory = place("parallel");
    const script =
      "for i in 1 2 3 4 5 6 7 8; do (mkdir $i && cp -r /usr/include/linux/. $i && sync $i && rm -r $i) & done; wait";
    run(script, directory);
    t.same(fs.readdirSync(directory), []);
  });

  check("the kernel asks no more than it must", async (t) => {
    const file = join(place("counts"), "a");
    fs.writeFileSync(file, "x");
    const before = (await server.ask("report")).counts;
    const fd = fs.openSync(file, "r+");
    for (let i = 0; i < 100; i++) fs.writeSync(fd, "y", i * 4096);
    fs.closeSync(fd);
    const { counts } = await server.ask("report");
    const asked = (name: string): number => (counts[name] ?? 0) - (before[name] ?? 0);
    t.equal(asked("WRITE"), 100);
    t.equal(asked("GETXATTR"), 0, "security.capability is not asked for at each write");
    t.equal(asked("OPEN") + asked("FLUSH"), 0);
  });

  checkAsRoot("what the kernel forgets is given back", async (t) => {
    // Mounted once more, the kernel drops all it knows of this mount, and of no other. The call is mount(2)'s, since a
    // remount by fsconfig(2) takes no option.
    run("rm -rf ./* && sync . && LIBMOUNT_FORCE_MOUNT2=always mount -io remount .", root);
    let report = await server.ask("report");
    while (report.inodes > 1) report = await server.ask("report");
    t.equal(report.inodes, 1);
  });

  t.same(
    Object.keys(without).filter((name) => !names.has(name)),
    [],
    "what is left out exists",
  );
}
