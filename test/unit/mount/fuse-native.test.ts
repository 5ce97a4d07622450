import t from "tap";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import {
  callbacksOf,
  type Perform,
  xattrReaders,
} from "../../../src/mount/fuse-native/callbacks.ts";
import { statFsOf, statOf, timeOf } from "../../../src/mount/fuse-native/stat.ts";
import { Errno, errnoOf } from "../../../src/mount/protocol/errno.ts";
import { MemoryFileSystem } from "../../support/memory-file-system.ts";

type Reply = readonly unknown[];
type Callback = (...args: unknown[]) => void;

const perform: Perform = (respond, call, say) => {
  void (async () => call())().then(
    (result) => respond(...say(result)),
    (error: unknown) => respond(-errnoOf(error)),
  );
};

/** Calls as the package does, and resolves with what was responded. */
class Calls {
  readonly fs = new MemoryFileSystem();
  readonly #context = { fs: this.fs, perform, answer: perform, uid: 5, gid: 6 };
  readonly #callbacks = callbacksOf(this.#context) as unknown as Readonly<Record<string, Callback>>;
  readonly #readers = xattrReaders(this.#context);

  call(name: string, ...args: readonly unknown[]): Promise<Reply> {
    return new Promise((resolve) => {
      this.#callbacks[name]?.(...args, (...reply: unknown[]) => resolve(reply));
    });
  }

  getxattr(path: string, name: string, room: Buffer): Promise<Reply> {
    return new Promise((resolve) => {
      this.#readers.getxattr((...reply) => resolve(reply), path, name, room);
    });
  }

  listxattr(path: string, room: Buffer): Promise<Reply> {
    return new Promise((resolve) => {
      this.#readers.listxattr((...reply) => resolve(reply), path, room);
    });
  }
}

t.test("a file is found by its path, and by its number while it is open", async (t) => {
  const calls = new Calls();
  t.same(await calls.call("mkdir", "/d", 0o750), [0]);
  t.same(await calls.call("create", "/d/a", 0o100640), [0, 1]);
  t.same(await calls.call("write", "/d/a", 1, Buffer.from("hello!"), 5, 2), [5]);
  t.same(await calls.call("unlink", "/d/a"), [0]);
  const room = Buffer.alloc(10);
  t.same(await calls.call("read", "/d/a", 1, room, 10, 0), [7]);
  t.equal(room.toString("utf8", 2, 7), "hello");
  t.same(await calls.call("release", "/d/a", 1), [0]);
  t.same(await calls.call("read", "/d/a", 1, room, 10, 0), [-Errno.EBADF]);
  t.same(await calls.call("getattr", "/d/a"), [-Errno.ENOENT]);
  t.match(await calls.call("getattr", "/d"), [0, { uid: 5, gid: 6, mode: 0o040750 }]);
});

t.test("names that came mangled make nothing, and do not show", async (t) => {
  const calls = new Calls();
  t.same(await calls.call("mkdir", "/bad\ufffd", 0o755), [-Errno.EINVAL]);
  const creation = { mode: 0o100644, umask: 0, caller: { uid: 0, gid: 0 } };
  await calls.fs.mknod(ROOT_INO, Uint8Array.of(0x61, 0xff), creation, 0);
  await calls.fs.mknod(ROOT_INO, Uint8Array.of(0x62), creation, 0);
  const [status, names] = await calls.call("readdir", "/");
  t.equal(status, 0);
  t.same(names, [".", "..", "b"]);
});

t.test("an extended attribute never overruns the room for it", async (t) => {
  const calls = new Calls();
  await calls.call("mkdir", "/d", 0o755);
  const value = Buffer.from("blue");
  t.same(await calls.call("setxattr", "/d", "user.colour", value, 0, 0), [0]);
  value.fill(0);
  const [size] = await calls.getxattr("/d", "user.colour", Buffer.alloc(0));
  t.equal(size, 4);
  const [refused] = await calls.getxattr("/d", "user.colour", Buffer.alloc(3));
  t.equal(refused, -Errno.ERANGE);
  const room = Buffer.alloc(8);
  t.equal((await calls.getxattr("/d", "user.colour", room))[0], 4);
  t.equal(room.toString("utf8", 0, 4), "blue", "and was copied when it was set");
  t.equal((await calls.listxattr("/d", Buffer.alloc(11)))[0], -Errno.ERANGE);
  t.equal((await calls.listxattr("/d", Buffer.alloc(12)))[0], 12);
});

t.test("ACLs are refused, since nobody would obey them", async (t) => {
  const calls = new Calls();
  const name = "system.posix_acl_access";
  const refusal = -Errno.EOPNOTSUPP;
  t.same(await calls.call("setxattr", "/", name, Buffer.alloc(4), 0, 0), [refusal]);
  t.equal((await calls.getxattr("/", name, Buffer.alloc(4)))[0], refusal);
});

t.test("figures are made to fit into 32 bits", async (t) => {
  const room = {
    blockSize: 4096,
    blocks: 2 ** 34,
    freeBlocks: 2 ** 33,
    inodes: 2 ** 40,
    nameMax: 255,
  };
  const { blocks, bfree, bsize, files } = statFsOf(room);
  t.ok(blocks <= 0xffff_ffff);
  t.equal(blocks * bsize, 2 ** 46);
  t.equal(bfree * bsize, 2 ** 45);
  t.equal(files, 0xffff_ffff);
});

t.test("times are milliseconds from 1970 on", async (t) => {
  const attributes = await new MemoryFileSystem().getattr(ROOT_INO);
  const old = { ...attributes, atime: { sec: -5, nsec: 0 }, mtime: { sec: 7, nsec: 8_999_999 } };
  t.match(statOf(old), { atime: 0, mtime: 7008 });
  t.same(timeOf(7008), { sec: 7, nsec: 8_000_000 });
});
