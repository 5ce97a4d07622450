import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { CommitError } from "../../../src/core/base/errors.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import {
  codeOf,
  creation,
  newFile,
  newFileSystem,
  readBytes,
  TestClock,
} from "../../support/test-file-system.ts";

const CAPABILITY = utf8("security.capability");

/** Which times of an inode a call changes, as letters of `amcb`. */
async function changedTimes(fs: FileSystem, ino: number, call: () => unknown): Promise<string> {
  const before = await fs.getattr(ino);
  await call();
  const after = await fs.getattr(ino);
  const differs = (field: "atime" | "mtime" | "ctime" | "btime"): boolean =>
    before[field].sec !== after[field].sec || before[field].nsec !== after[field].nsec;
  return (["atime", "mtime", "ctime", "btime"] as const)
    .filter(differs)
    .map((field) => field[0])
    .join("");
}

t.test("each call changes the times that POSIX names", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.1 }), { atime: "noatime" });
  const { ino } = await newFile(fs, "f");
  const place = { parent: ROOT_INO, name: utf8("f") };
  const changed = (target: number, call: () => unknown) => changedTimes(fs, target, call);
  t.equal(await changed(ROOT_INO, () => newFile(fs, "g")), "mc");
  t.equal(await changed(ROOT_INO, () => fs.mkdir(ROOT_INO, utf8("d"), creation(0o755))), "mc");
  t.equal(await changed(ino, () => fs.write(ino, 0, utf8("x"))), "mc");
  t.equal(await changed(ino, () => fs.write(ino, 0, new Uint8Array(0))), "");
  t.equal(await changed(ino, () => fs.read(ino, 0, 1)), "");
  t.equal(await changed(ino, () => fs.setattr(ino, { size: 1 })), "mc", "to the same size");
  t.equal(await changed(ino, () => fs.setattr(ino, { size: 0 })), "mc");
  t.equal(await changed(ino, () => fs.setattr(ino, { mode: 0o600 })), "c");
  t.equal(await changed(ino, () => fs.setattr(ino, { uid: 1 })), "c");
  t.equal(await changed(ino, () => fs.setattr(ino, {})), "");
  t.equal(await changed(ino, () => fs.setattr(ino, { atime: "now" })), "ac");
  t.equal(await changed(ino, () => fs.setattr(ino, { mtime: { sec: -5, nsec: 7 } })), "mc");
  t.equal(await changed(ino, () => fs.link(ino, ROOT_INO, utf8("l"))), "c");
  t.equal(await changed(ROOT_INO, () => fs.unlink(ROOT_INO, utf8("l"))), "mc");
  t.equal(await changed(ino, () => fs.link(ino, ROOT_INO, utf8("l"))), "c");
  t.equal(await changed(ino, () => fs.unlink(ROOT_INO, utf8("l"))), "c");
  const other = { parent: ROOT_INO, name: utf8("r") };
  t.equal(await changed(ino, () => fs.rename(place, other, "replace")), "c");
  t.equal(await changed(ROOT_INO, () => fs.rename(other, place, "replace")), "mc");
  t.equal(await changed(ino, () => fs.setxattr(ino, utf8("user.a"), utf8("b"), "set")), "c");
  t.equal(await changed(ino, () => fs.removexattr(ino, utf8("user.a"))), "c");
  const allocate = { operation: "allocate", keepSize: false } as const;
  t.equal(await changed(ino, () => fs.fallocate(ino, 0, 10, allocate)), "mc");
  t.equal(await changed(ino, () => fs.fsync(ino)), "");
  t.equal(await changed(ROOT_INO, () => fs.rmdir(ROOT_INO, utf8("d"))), "mc");
});

t.test("times are kept to the nanosecond, before 1970 too", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const atime = { sec: -1, nsec: 999_999_999 };
  const mtime = { sec: -(2 ** 40), nsec: 1 };
  const ctime = { sec: 2 ** 40, nsec: 0 };
  await fs.setattr(ino, { atime, mtime, ctime });
  t.match(await fs.getattr(ino), { atime, mtime, ctime });
});

t.test("a time beyond what records can say becomes the nearest they can", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const atime = { sec: -(2 ** 62), nsec: 5 };
  const mtime = { sec: 2 ** 63, nsec: 5 };
  await fs.setattr(ino, { atime, mtime });
  t.match(await fs.getattr(ino), {
    atime: { sec: -Number.MAX_SAFE_INTEGER, nsec: 0 },
    mtime: { sec: Number.MAX_SAFE_INTEGER, nsec: 0 },
  });
  t.equal(await fs.unlink(ROOT_INO, utf8("f")), ino);
});

t.test("who asks for it leaves access times alone", async (t) => {
  const fs = await newFileSystem(new MemoryVault(), { atime: "strictatime" });
  const { ino } = await newFile(fs, "f");
  await fs.write(ino, 0, utf8("x"));
  const quiet = { keepsAtime: true };
  const list = async () => (await fs.opendir(ROOT_INO, quiet)).read(0, 10, "none");
  t.equal(await changedTimes(fs, ino, () => fs.read(ino, 0, 1, quiet)), "");
  t.equal(await changedTimes(fs, ROOT_INO, list), "");
  t.equal(await changedTimes(fs, ino, () => fs.read(ino, 0, 1)), "a");
});

t.test("reading changes the access time as the mount option says", async (t) => {
  const clock = new TestClock();
  const vault = new MemoryVault();
  for (const atime of ["relatime", "strictatime"] as const) {
    const fs = await newFileSystem(vault, { clock, atime });
    const { ino } = await newFile(fs, atime);
    await fs.write(ino, 0, utf8("x"));
    const link = await fs.symlink(ROOT_INO, utf8(`${atime}l`), utf8("t"), { uid: 0, gid: 0 });
    const read = () => fs.read(ino, 0, 1);
    t.equal(await changedTimes(fs, ino, read), "a", "after a write");
    t.equal(await changedTimes(fs, ino, read), atime === "relatime" ? "" : "a", "again");
    clock.sec += 86_400;
    t.equal(await changedTimes(fs, ino, read), "a", "a day later");
    t.equal(await changedTimes(fs, link.ino, () => fs.readlink(link.ino)), "a");
    const list = async () => (await fs.opendir(ROOT_INO)).read(0, 10, "none");
    t.equal(await changedTimes(fs, ROOT_INO, list), "a");
  }
});

t.test("a vault that takes no more changes can still be read", async (t) => {
  for (const faultRate of [0, 1]) {
    const vault = new MemoryVault({ faultRate });
    const fs = await newFileSystem(vault);
    const { ino } = await newFile(fs, "f");
    await fs.write(ino, 0, utf8("content"));
    vault.failure = new CommitError("VAULT_FAILED", "the store broke");
    t.equal(`${await readBytes(fs, ino)}`, "content");
    t.equal(await changedTimes(fs, ino, () => fs.read(ino, 0, 1)), "");
    t.equal(await codeOf(() => fs.write(ino, 0, utf8("x"))), "VAULT_FAILED");
  }
});

t.test("chown and chmod change what they name and nothing else", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const changed = await fs.setattr(ino, { mode: 0o170000 | 0o4711, uid: 2 ** 32 - 2, gid: 9 });
  t.match(changed, { mode: S_IFREG | 0o4711, uid: 2 ** 32 - 2, gid: 9, size: 0, nlink: 1 });
  t.match(await fs.setattr(ino, { gid: 10 }), {
    uid: 2 ** 32 - 2,
    gid: 10,
    mode: S_IFREG | 0o4711,
  });
});

t.test("set-ID bits and capabilities go when they have to", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const arm = async (mode: number): Promise<void> => {
    await fs.setattr(ino, { mode });
    await fs.setxattr(ino, CAPABILITY, utf8("caps"), "set");
  };
  const calls = [
    () => fs.write(ino, 0, utf8("x"), { killPrivileges: "member" }),
    () => fs.setattr(ino, { size: 0, killPrivileges: "member" }),
    () => fs.setattr(ino, { uid: 3, killPrivileges: "member" }),
  ];
  for (const call of calls) {
    await arm(0o6755);
    await call();
    t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o755);
    t.equal(await fs.getxattr(ino, CAPABILITY), undefined);
    await arm(0o6745);
    await call();
    t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o2745, "mandatory locking stays");
  }
  await arm(0o6745);
  await fs.write(ino, 0, utf8("x"), { killPrivileges: "outsider" });
  t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o745, "it goes by the hand of an outsider");
  await arm(0o6755);
  await fs.write(ino, 0, utf8("x"));
  t.equal((await fs.getattr(ino)).mode, S_IFREG | 0o6755, "not without being told");
  const { ino: directory } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o2755));
  await fs.setattr(directory, { gid: 4, killPrivileges: "member" });
  t.equal((await fs.getattr(directory)).mode, S_IFDIR | 0o2755, "directories keep theirs");
});

t.test("st_blocks tells what a file takes", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "f");
  const blocks = async (): Promise<number> => (await fs.getattr(ino)).blocks;
  t.equal(await blocks(), 0);
  await fs.write(ino, 0, new Uint8Array(100).fill(1));
  t.equal(await blocks(), 1, "a draft counts");
  await fs.fsync(ino);
  t.equal(await blocks(), 1);
  await fs.setattr(ino, { size: 2 ** 30 });
  t.equal(await blocks(), 128, "one block of a sparse file");
  await fs.write(ino, 2 ** 29, new Uint8Array(10).fill(1));
  await fs.write(ino, 0, new Uint8Array(65_536).fill(1));
  t.equal(await blocks(), 256, "overwriting takes no more");
  await fs.fsync(ino);
  t.equal(await blocks(), 256);
  t.match(await fs.getattr(ROOT_INO), { size: 4096, blocks: 8 });
});

t.test("extended attributes of any size up to 64 KiB are kept", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.2 });
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const name = utf8(`user.${"n".repeat(250)}`);
  for (const size of [0, 1, 4096, 4097, 65_536]) {
    const value = new Uint8Array(size).fill(size & 0xff);
    await fs.setxattr(ino, name, value, "set");
    t.strictSame(await fs.getxattr(ino, name), value);
  }
  t.equal(vault.pages.size, 1, "each value takes the place of the one before");
  await fs.setxattr(ino, utf8("user.a"), utf8("b"), "create");
  t.strictSame(await fs.listxattr(ino), [utf8("user.a"), name]);
  await fs.removexattr(ino, name);
  t.equal(vault.pages.size, 0);
  t.strictSame(await fs.listxattr(ino), [utf8("user.a")]);
});

t.test("setxattr creates and replaces only what it is told to", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const name = utf8("user.x");
  const set = (mode: "create" | "replace", size: number) =>
    fs.setxattr(ino, name, new Uint8Array(size), mode);
  for (const size of [5, 5000]) {
    t.equal(await codeOf(() => set("replace", size)), "ENODATA");
    await set("create", size);
    t.equal(await codeOf(() => set("create", size)), "EEXIST");
    await set("replace", size);
    await fs.removexattr(ino, name);
    t.equal(await codeOf(() => fs.removexattr(ino, name)), "ENODATA");
  }
  t.equal(vault.pages.size, 0, "pages made in vain are given back");
  t.equal(await codeOf(() => set("create", 65_537)), "E2BIG");
  t.equal(await codeOf(() => fs.setxattr(ino, utf8("n".repeat(256)), name, "set")), "ERANGE");
  t.equal(await codeOf(() => fs.setxattr(ino, utf8(""), name, "set")), "ERANGE");
  t.equal(await fs.getxattr(ino, name), undefined);
  t.equal(await codeOf(() => fs.getxattr(99, name)), "ENOENT");
  t.equal(await codeOf(() => fs.listxattr(99)), "ENOENT");
});

t.test("attributes of a file are gone with it", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  for (let i = 0; i < 300; i++) await fs.setxattr(ino, utf8(`user.${i}`), utf8("v"), "set");
  await fs.setxattr(ino, utf8("user.large"), new Uint8Array(9999), "set");
  await fs.unlink(ROOT_INO, utf8("f"));
  t.equal(vault.pages.size, 0);
  t.equal([...vault.records].length, 1, "the root directory alone is left");
});

t.test("statfs counts in units of 4 KiB", async (t) => {
  const vault = new MemoryVault({ capacity: 1000 });
  const fs = await newFileSystem(vault);
  await newFile(fs, "f");
  const empty = fs.statfs();
  t.match(empty, { blockSize: 4096, blocks: 16_000, inodes: 2, nameMax: 255 });
  const { ino } = await newFile(fs, "g");
  await fs.write(ino, 0, new Uint8Array(65_536).fill(1));
  t.equal(fs.statfs().freeBlocks, empty.freeBlocks - 16, "drafts count");
  await fs.syncfs();
  t.equal(fs.statfs().freeBlocks, empty.freeBlocks - 16);
});

t.test("lookup answers what getattr does", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const made: Attributes = await newFile(fs, "f");
  t.strictSame(await entryOf(fs, ROOT_INO, utf8("f")), made);
  t.strictSame(await fs.getattr(made.ino), made);
});
