import * as fs from "node:fs";
import { join } from "node:path";
import t from "tap";
import * as host from "../../../src/native/host.ts";
import { shim } from "../../../src/native/load.ts";
import { readScattered } from "../../../src/native/scattered-read.ts";
import { SystemError } from "../../../src/native/system-error.ts";

const BLOCK = 65_536;

t.test("holes are found, made and filled", async (t) => {
  const fd = fs.openSync(join(t.testdir(), "sparse"), "w+");
  t.teardown(() => fs.closeSync(fd));
  t.equal(host.seek(fd, 0, "data"), undefined, "an empty file has no data");
  fs.writeSync(fd, "x", 4 * BLOCK);
  t.equal(host.seek(fd, 0, "data"), 4 * BLOCK);
  t.equal(host.seek(fd, 0, "hole"), 0);
  t.equal(host.seek(fd, 4 * BLOCK, "hole"), 4 * BLOCK + 1, "the end counts as a hole");
  host.allocate(fd, 8 * BLOCK, BLOCK);
  t.equal(fs.fstatSync(fd).size, 9 * BLOCK);
  host.punchHole(fd, 4 * BLOCK, BLOCK);
  const room = Buffer.alloc(1);
  fs.readSync(fd, room, 0, 1, 4 * BLOCK);
  t.equal(room[0], 0);
  t.equal(fs.fstatSync(fd).size, 9 * BLOCK);
});

t.test("locks of open files keep each other out", async (t) => {
  const path = join(t.testdir({ file: "" }), "file");
  const [a = -1, b = -1] = [fs.openSync(path, "r"), fs.openSync(path, "r")];
  t.teardown(() => [a, b].map((fd) => fs.closeSync(fd)));
  t.ok(host.tryLock(a, "shared"));
  t.ok(host.tryLock(b, "shared"));
  t.notOk(host.tryLock(b, "exclusive"));
  t.ok(host.tryLock(a, "none"));
  t.ok(host.tryLock(b, "exclusive"));
  t.notOk(host.tryLock(a, "shared"));
});

t.test("times are set to the nanosecond, of a link itself too", async (t) => {
  const directory = t.testdir({ file: "", link: t.fixture("symlink", "file") });
  for (const name of ["file", "link"]) {
    const path = join(directory, name);
    host.setTimes(Buffer.from(path), { sec: 1, nsec: 2 }, { sec: -3, nsec: 999_999_999 });
    const { atimeNs, mtimeNs } = fs.lstatSync(path, { bigint: true });
    t.same([atimeNs, mtimeNs], [1_000_000_002n, -2_000_000_001n], name);
  }
});

t.test("extended attributes of names in any encoding", async (t) => {
  const path = Buffer.concat([Buffer.from(`${t.testdir()}/`), Buffer.of(0xff, 0xfe)]);
  fs.writeFileSync(path, "");
  const name = Buffer.from("user.dvault");
  host.setXattr(path, name, Buffer.of(0, 1, 2));
  t.same(host.getXattr(path, name), Buffer.of(0, 1, 2));
  t.same(host.listXattrs(path), [name]);
  t.throws(() => host.setXattr(path, name, Buffer.of(3), "create"), { code: "EEXIST" });
  host.setXattr(path, name, new Uint8Array(0), "replace");
  t.same(host.getXattr(path, name), Buffer.alloc(0));
  host.removeXattr(path, name);
  t.same(host.listXattrs(path), []);
  t.throws(() => host.getXattr(path, name), { code: "ENODATA", syscall: "lgetxattr" });
  t.throws(() => host.removeXattr(path, name), { code: "ENODATA" });
  t.throws(() => host.setXattr(path, name, new Uint8Array(0), "replace"), { code: "ENODATA" });
});

t.test("FIFOs are made", async (t) => {
  const path = join(t.testdir(), "fifo");
  host.mknod(Buffer.from(path), fs.constants.S_IFIFO | 0o600, 0);
  t.ok(fs.statSync(path).isFIFO());
});

t.test("failures have the members of Node's own errors", async (t) => {
  const missing = Buffer.from(join(t.testdir(), "missing"));
  t.throws(() => host.getXattr(missing, Buffer.from("user.x")), {
    code: "ENOENT",
    errno: -2,
    syscall: "lgetxattr",
    message: "lgetxattr: ENOENT",
  });
  t.throws(() => host.seek(-1, 0, "data"), new SystemError(-9, "lseek"));
  t.throws(() => host.tryLock(-1, "shared"), { code: "EBADF" });
  t.throws(() => host.allocate(-1, 0, 1), { code: "EBADF" });
  t.throws(() => host.punchHole(-1, 0, 1), { code: "EBADF" });
  t.throws(() => host.mknod(missing, 0o777_777, 0), { code: "EINVAL" });
  t.throws(() => host.setTimes(missing, { sec: 0, nsec: 0 }, { sec: 0, nsec: 0 }), {
    code: "ENOENT",
  });
  t.throws(() => host.listXattrs(missing), { code: "ENOENT" });
});

t.test("scattered reads fill each piece from its own place, however many there are", async (t) => {
  const path = join(
    t.testdir({ file: Buffer.from(Array.from({ length: 200 }, (_, i) => i)) }),
    "file",
  );
  const fd = fs.openSync(path, "r");
  const pieces = Array.from({ length: 150 }, () => new Uint8Array(2));
  const offsets = pieces.map((_, i) => 199 - i);
  const lengths = (await readScattered(fd, pieces, offsets)) ?? [];
  t.same([...lengths], [1, ...new Array(149).fill(2)]);
  t.ok(pieces.every((piece, i) => piece[0] === 199 - i));
  fs.closeSync(fd);
  await t.rejects(async () => readScattered(-1, pieces, offsets), { code: "EBADF" });
});

t.test("the shim refuses arguments of other types with an exception", async (t) => {
  const native = shim();
  const misuses: (() => unknown)[] = [
    () => native.flock("x" as unknown as number, 1),
    () => (native.flock as () => unknown)(),
    () => native.lgetxattr("path" as unknown as Uint8Array, new Uint8Array(1)),
    () => native.lgetxattr(new Uint16Array(3) as unknown as Uint8Array, new Uint8Array(1)),
    () => native.lgetxattr(Buffer.from("a\0b"), Buffer.from("user.x")),
    () => native.lgetxattr(Buffer.alloc(5000, 1), Buffer.from("user.x")),
    () => native.lgetxattr(Buffer.from("/"), Buffer.alloc(300, 1)),
    () => native.utimens(Buffer.from("/"), new Float64Array(3)),
    () => native.readScattered(0, [new Uint8Array(1)], new Float64Array(65), new Float64Array(65)),
    () => native.readScattered(0, [new Uint8Array(1)], new Float64Array(1), new Float64Array(0)),
    () => native.readScattered(0, [], new Float64Array(1), new Float64Array(1)),
    () => native.mount("a\0", "/", 0, ""),
    () => native.mount("a", "/".repeat(5000), 0, ""),
    () => native.umount(5 as unknown as string, 0),
    () => native.receiveDescriptor({} as unknown as number),
    () => new native.FuseChannel("x" as unknown as number),
    () => native.FuseChannel.prototype.close.call({}),
  ];
  for (const misuse of misuses) t.throws(misuse, Error, misuse.toString());
});

t.test("a descriptor travels over a socket, or its absence is said", async (t) => {
  const pair = shim().socketpair();
  if (typeof pair === "number") throw new Error("no socket pair");
  t.teardown(() => pair.map((fd) => fs.closeSync(fd)));
  t.equal(shim().receiveDescriptor(pair[0]), -11, "nothing was sent yet: EAGAIN");
  fs.writeSync(pair[1], "x");
  t.equal(shim().receiveDescriptor(pair[0]), -74, "a byte without a descriptor: EBADMSG");
  t.equal(await shim().umount(join(t.testdir(), "missing"), 0), -2, "ENOENT");
});
