import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { LINK_MAX } from "../../../src/core/base/limits.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import {
  type FileSystem,
  ROOT_INO,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from "../../../src/core/fs/file-system.ts";
import { editInode, saveInode } from "../../../src/core/fs/inodes.ts";
import { audit } from "../../support/audit.ts";
import { MemoryVault } from "../../support/memory-vault.ts";
import {
  codeOf,
  creation,
  namesIn,
  newFile,
  newFileSystem,
} from "../../support/test-file-system.ts";

const CALLER = { uid: 5, gid: 6 };

async function newDirectory(fs: FileSystem, name: string, parent = ROOT_INO): Promise<number> {
  return (await fs.mkdir(parent, utf8(name), creation(0o755))).ino;
}

/** A name in the root directory. */
function at(name: string, parent = ROOT_INO): { parent: number; name: Uint8Array } {
  return { parent, name: utf8(name) };
}

t.test("names of any 1 to 255 bytes lead to their inode", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.2 }));
  const names = [
    new Uint8Array([1]),
    new Uint8Array(255).fill(0xff),
    utf8("ä\n"),
    utf8("..."),
    new Uint8Array([0xc3]),
  ];
  for (const name of names) {
    const { ino } = await fs.mknod(ROOT_INO, name, creation(S_IFREG | 0o600), 0);
    t.equal((await entryOf(fs, ROOT_INO, name)).ino, ino);
  }
  t.equal((await namesIn(fs, ROOT_INO)).length, names.length);
});

t.test("names that cannot be are refused", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const make = (name: Uint8Array) => fs.mknod(ROOT_INO, name, creation(S_IFREG), 0);
  t.equal(await codeOf(() => make(new Uint8Array(256).fill(65))), "ENAMETOOLONG");
  t.equal(await codeOf(() => entryOf(fs, ROOT_INO, new Uint8Array(256))), "ENAMETOOLONG");
  t.equal(await codeOf(() => make(new Uint8Array(0))), "ENOENT");
  t.equal(await codeOf(() => make(utf8("a/b"))), "EINVAL");
  t.equal(await codeOf(() => make(utf8("a\0"))), "EINVAL");
  t.equal(await codeOf(() => make(utf8("."))), "EEXIST");
  t.equal(await codeOf(() => make(utf8(".."))), "EEXIST");
});

t.test("lookup knows . and .., and what is no directory", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const sub = await newDirectory(fs, "d");
  t.equal((await entryOf(fs, sub, utf8("."))).ino, sub);
  t.equal((await entryOf(fs, sub, utf8(".."))).ino, ROOT_INO);
  t.equal((await entryOf(fs, ROOT_INO, utf8(".."))).ino, ROOT_INO);
  const file = await newFile(fs, "f");
  t.equal(await codeOf(() => entryOf(fs, file.ino, utf8("x"))), "ENOTDIR");
  t.equal(await fs.lookup(ROOT_INO, utf8("x")), undefined);
  t.equal(await codeOf(() => fs.lookup(99, utf8("x"))), "ENOENT");
});

t.test("mknod makes every type but directories and links", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  for (const type of [S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK]) {
    const name = utf8(`type ${type}`);
    const made = await fs.mknod(ROOT_INO, name, creation(type | 0o640), 0x12345);
    t.equal(made.mode, type | 0o640);
    t.equal(made.rdev, type === S_IFCHR || type === S_IFBLK ? 0x12345 : 0);
    t.equal(made.nlink, 1);
  }
  t.equal((await fs.mknod(ROOT_INO, utf8("n"), creation(0o644), 0)).mode, S_IFREG | 0o644);
  const make = (type: number) => fs.mknod(ROOT_INO, utf8("x"), creation(type), 0);
  t.equal(await codeOf(() => make(S_IFDIR)), "EPERM");
  t.equal(await codeOf(() => make(S_IFLNK)), "EINVAL");
  t.equal(await codeOf(() => make(0o170000)), "EINVAL");
});

t.test("a new inode has its caller's owner and what the umask leaves of the mode", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const asked = { mode: S_IFREG | 0o666, umask: 0o27, caller: CALLER };
  const made = await fs.mknod(ROOT_INO, utf8("f"), asked, 0);
  t.match(made, { mode: S_IFREG | 0o640, uid: 5, gid: 6 });
});

t.test("entries of a set-group-ID directory take its group, directories the bit too", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const parent = await newDirectory(fs, "d");
  await fs.setattr(parent, { mode: 0o2775, gid: 77 });
  const asked = { mode: 0o755, umask: 0, caller: CALLER };
  t.match(await fs.mkdir(parent, utf8("d"), asked), { mode: S_IFDIR | 0o2755, gid: 77, uid: 5 });
  const file = await fs.mknod(parent, utf8("f"), { ...asked, mode: S_IFREG | 0o755 }, 0);
  t.match(file, { mode: S_IFREG | 0o755, gid: 77 });
});

t.test("directories count the directories in them", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const parent = await newDirectory(fs, "d");
  await newDirectory(fs, "a", parent);
  await newDirectory(fs, "b", parent);
  await fs.mknod(parent, utf8("f"), creation(S_IFREG), 0);
  t.equal((await fs.getattr(parent)).nlink, 4);
  await fs.rmdir(parent, utf8("a"));
  t.equal((await fs.getattr(parent)).nlink, 3);
  t.strictSame(audit(vault), []);
});

t.test("unlink and rmdir refuse the other's business", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const directory = await newDirectory(fs, "d");
  await newFile(fs, "f");
  await fs.mknod(directory, utf8("x"), creation(S_IFREG), 0);
  t.equal(await codeOf(() => fs.unlink(ROOT_INO, utf8("d"))), "EISDIR");
  t.equal(await codeOf(() => fs.rmdir(ROOT_INO, utf8("f"))), "ENOTDIR");
  t.equal(await codeOf(() => fs.rmdir(ROOT_INO, utf8("d"))), "ENOTEMPTY");
  t.equal(await codeOf(() => fs.rmdir(directory, utf8("."))), "EINVAL");
  t.equal(await codeOf(() => fs.rmdir(directory, utf8(".."))), "ENOTEMPTY");
  t.equal(await codeOf(() => fs.unlink(directory, utf8("."))), "EISDIR");
  t.equal(await codeOf(() => fs.unlink(ROOT_INO, utf8("x"))), "ENOENT");
  t.equal((await fs.unlink(directory, utf8("x"))) > 0, true);
  t.equal(await fs.rmdir(ROOT_INO, utf8("d")), directory);
  t.equal(await codeOf(() => fs.getattr(directory)), "ENOENT");
});

t.test("a removed directory that is held open takes no entries", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const directory = await newDirectory(fs, "d");
  const file = await newFile(fs, "f");
  fs.retain(directory);
  const open = await fs.opendir(directory);
  await fs.rmdir(ROOT_INO, utf8("d"));
  t.equal((await fs.getattr(directory)).nlink, 0);
  t.strictSame(await open.read(0, 10, "none"), []);
  const make = () => fs.mknod(directory, utf8("x"), creation(S_IFREG), 0);
  t.equal(await codeOf(make), "ENOENT");
  t.equal(await codeOf(() => fs.mkdir(directory, utf8("x"), creation(0))), "ENOENT");
  t.equal(await codeOf(() => fs.link(file.ino, directory, utf8("x"))), "ENOENT");
  t.equal(await codeOf(() => fs.rename(at("f"), at("x", directory), "replace")), "ENOENT");
  await fs.forget(directory, 1);
  t.equal(await codeOf(() => fs.getattr(directory)), "ENOENT");
});

t.test("hard links share an inode until the last is gone", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "a");
  t.equal((await fs.link(ino, ROOT_INO, utf8("b"))).nlink, 2);
  t.equal((await entryOf(fs, ROOT_INO, utf8("b"))).ino, ino);
  await fs.unlink(ROOT_INO, utf8("a"));
  t.equal((await fs.getattr(ino)).nlink, 1);
  t.equal(await codeOf(() => fs.link(ino, ROOT_INO, utf8("b"))), "EEXIST");
  const directory = await newDirectory(fs, "d");
  t.equal(await codeOf(() => fs.link(directory, ROOT_INO, utf8("c"))), "EPERM");
  t.equal(await codeOf(() => fs.link(99, ROOT_INO, utf8("c"))), "ENOENT");
  await fs.unlink(ROOT_INO, utf8("b"));
  t.equal(await codeOf(() => fs.getattr(ino)), "ENOENT");
});

t.test("an inode has at most LINK_MAX links", async (t) => {
  const vault = new MemoryVault();
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "a");
  await vault.transact((transaction) => {
    const inode = editInode(transaction, ino);
    inode.nlink = LINK_MAX - 1;
    saveInode(transaction, inode);
  });
  t.equal((await fs.link(ino, ROOT_INO, utf8("b"))).nlink, LINK_MAX);
  t.equal(await codeOf(() => fs.link(ino, ROOT_INO, utf8("c"))), "EMLINK");
});

t.test("symbolic links keep their target", async (t) => {
  const fs = await newFileSystem(new MemoryVault({ faultRate: 0.2 }));
  const target = new Uint8Array(4095).fill(0x61);
  const made = await fs.symlink(ROOT_INO, utf8("l"), target, CALLER);
  t.match(made, { mode: S_IFLNK | 0o777, size: 4095, uid: 5, gid: 6, blocks: 0 });
  t.strictSame(await fs.readlink(made.ino), target);
  const make = (bytes: number) => fs.symlink(ROOT_INO, utf8("m"), new Uint8Array(bytes), CALLER);
  t.equal(await codeOf(() => make(0)), "ENOENT");
  t.equal(await codeOf(() => make(4096)), "ENAMETOOLONG");
  t.equal(await codeOf(() => fs.readlink(ROOT_INO)), "EINVAL");
});

t.test("rename replaces what may be replaced", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const a = await newFile(fs, "a");
  const b = await newFile(fs, "b");
  await fs.rename(at("a"), at("b"), "replace");
  t.equal((await entryOf(fs, ROOT_INO, utf8("b"))).ino, a.ino);
  t.equal(await codeOf(() => fs.getattr(b.ino)), "ENOENT");
  t.equal(await codeOf(() => entryOf(fs, ROOT_INO, utf8("a"))), "ENOENT");
  const full = await newDirectory(fs, "full");
  const empty = await newDirectory(fs, "empty");
  const inner = await newDirectory(fs, "inner", full);
  t.equal(await codeOf(() => fs.rename(at("b"), at("full"), "replace")), "EISDIR");
  t.equal(await codeOf(() => fs.rename(at("full"), at("b"), "replace")), "ENOTDIR");
  t.equal(await codeOf(() => fs.rename(at("empty"), at("full"), "replace")), "ENOTEMPTY");
  await fs.rename(at("full"), at("empty"), "replace");
  t.equal(await codeOf(() => fs.getattr(empty)), "ENOENT");
  t.equal((await fs.getattr(ROOT_INO)).nlink, 3);
  await fs.rename(at("inner", full), at("moved"), "replace");
  t.equal((await entryOf(fs, inner, utf8(".."))).ino, ROOT_INO);
  t.equal((await fs.getattr(ROOT_INO)).nlink, 4);
  t.equal((await fs.getattr(full)).nlink, 2);
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

t.test("rename leaves a whiteout where it is asked to", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const a = await newFile(fs, "a");
  const b = await newFile(fs, "b");
  await fs.rename(at("a"), at("b"), "replace", { uid: 7, gid: 8 });
  t.equal((await entryOf(fs, ROOT_INO, utf8("b"))).ino, a.ino);
  t.equal(await codeOf(() => fs.getattr(b.ino)), "ENOENT");
  const left = await entryOf(fs, ROOT_INO, utf8("a"));
  t.match(left, { mode: S_IFCHR, rdev: 0, nlink: 1, uid: 7, gid: 8 });
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

t.test("rename of one link over another of the same inode does nothing", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const { ino } = await newFile(fs, "a");
  await fs.link(ino, ROOT_INO, utf8("b"));
  await fs.rename(at("a"), at("b"), "replace");
  t.strictSame(await namesIn(fs, ROOT_INO), ["a", "b"]);
  await fs.rename(at("a"), at("a"), "replace");
  await fs.rename(at("a"), at("b"), "exchange");
  t.equal((await fs.getattr(ino)).nlink, 2);
});

t.test("rename keeps directories from moving below themselves", async (t) => {
  const fs = await newFileSystem(new MemoryVault());
  const a = await newDirectory(fs, "a");
  const b = await newDirectory(fs, "b", a);
  const c = await newDirectory(fs, "c", b);
  t.equal(await codeOf(() => fs.rename(at("a"), at("x", c), "replace")), "EINVAL");
  t.equal(await codeOf(() => fs.rename(at("a"), at("x", a), "replace")), "EINVAL");
  t.equal(await codeOf(() => fs.rename(at("a"), at("c", b), "exchange")), "EINVAL");
  t.equal(await codeOf(() => fs.rename(at("c", b), at("a"), "exchange")), "EINVAL");
  t.equal(await codeOf(() => fs.rename(at("b", a), at("a"), "replace")), "ENOTEMPTY");
  t.equal(await codeOf(() => fs.rename(at("."), at("x"), "replace")), "EBUSY");
  t.equal(await codeOf(() => fs.rename(at("x"), at("y"), "replace")), "ENOENT");
});

t.test("rename can refuse to replace, and can exchange", async (t) => {
  const vault = new MemoryVault({ faultRate: 0.1 });
  const fs = await newFileSystem(vault);
  const file = await newFile(fs, "f");
  const directory = await newDirectory(fs, "d");
  const inner = await newDirectory(fs, "i", directory);
  t.equal(await codeOf(() => fs.rename(at("f"), at("d"), "no-replace")), "EEXIST");
  t.equal(await codeOf(() => fs.rename(at("f"), at("x"), "exchange")), "ENOENT");
  await fs.rename(at("f"), at("i", directory), "exchange");
  t.equal((await entryOf(fs, ROOT_INO, utf8("f"))).ino, inner);
  t.equal((await entryOf(fs, directory, utf8("i"))).ino, file.ino);
  t.equal((await entryOf(fs, inner, utf8(".."))).ino, ROOT_INO);
  t.equal((await fs.getattr(directory)).nlink, 2);
  await fs.rename(at("f"), at("g"), "no-replace");
  t.strictSame(await namesIn(fs, ROOT_INO), ["d", "g"]);
  await fs.syncfs();
  t.strictSame(audit(vault), []);
});

t.test("every change to a read-only vault is refused with EROFS", async (t) => {
  const vault = new MemoryVault();
  const written = await newFileSystem(vault);
  const { ino } = await newFile(written, "f");
  await written.write(ino, 0, utf8("content"));
  await written.syncfs();
  const fs = await newFileSystem(new MemoryVault({ readOnly: true }, vault.committed));
  const changes = [
    () => fs.mknod(ROOT_INO, utf8("x"), creation(S_IFREG), 0),
    () => fs.mkdir(ROOT_INO, utf8("x"), creation(0)),
    () => fs.symlink(ROOT_INO, utf8("x"), utf8("y"), CALLER),
    () => fs.tmpfile(ROOT_INO, creation(0)),
    () => fs.link(ino, ROOT_INO, utf8("x")),
    () => fs.unlink(ROOT_INO, utf8("f")),
    () => fs.rmdir(ROOT_INO, utf8("f")),
    () => fs.rename(at("f"), at("g"), "replace"),
    () => fs.write(ino, 0, utf8("x")),
    () => fs.setattr(ino, { mode: 0 }),
    () => fs.fallocate(ino, 0, 1, { operation: "allocate", keepSize: false }),
    () => fs.setxattr(ino, utf8("user.x"), utf8("y"), "set"),
    () => fs.removexattr(ino, utf8("user.x")),
  ];
  for (const change of changes) t.equal(await codeOf(change), "EROFS");
  t.equal(fs.readOnly, true);
  await fs.fsync(ino);
  await fs.syncfs();
  t.strictSame(await namesIn(fs, ROOT_INO), ["f"]);
  t.equal(`${Buffer.concat(await fs.read(ino, 0, 10))}`, "content");
});
