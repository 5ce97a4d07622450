import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { callerOf } from "../../../src/cli/caller.ts";
import { type Progress, silentProgress } from "../../../src/cli/output/progress.ts";
import { TreeExport } from "../../../src/cli/transfer/export-tree.ts";
import { HostDirectory } from "../../../src/cli/transfer/host-directory.ts";
import { TreeImport } from "../../../src/cli/transfer/import-tree.ts";
import { measureHost, measureVault } from "../../../src/cli/transfer/measure.ts";
import { Transfer, type TransferOptions } from "../../../src/cli/transfer/transfer.ts";
import { PageError, StoreError, UsageError } from "../../../src/core/base/errors.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFCHR,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { getXattr, mknod, setTimes, setXattr } from "../../../src/native/host.ts";
import { type TestContext, testContext } from "../../support/cli-context.ts";
import { HostileFileSystem } from "../../support/hostile-file-system.ts";
import { MemoryFileSystem } from "../../support/memory-file-system.ts";
import { treeSnapshot } from "../../support/tree-snapshot.ts";

const isRoot = process.geteuid?.() === 0;
const creation = { mode: S_IFREG | 0o644, umask: 0, caller: callerOf() };
const KEEP: TransferOptions = { existing: "replace", owners: isRoot, privileges: true };
const CAREFUL: TransferOptions = { existing: "refuse", owners: false, privileges: false };

function newTransfer(
  options: TransferOptions = KEEP,
  context: TestContext = testContext(),
  progress: Progress = silentProgress,
): Transfer {
  return new Transfer(context, options, progress);
}

async function importTree(fs: FileSystem, path: string, transfer = newTransfer()): Promise<void> {
  const directory = HostDirectory.open(path);
  await new TreeImport(fs, transfer, callerOf()).copyContents(directory, path, ROOT_INO);
  directory.close();
}

async function exportTree(fs: FileSystem, path: string, transfer = newTransfer()): Promise<void> {
  mkdirSync(path, { recursive: true });
  const target = HostDirectory.open(path);
  const root = { attributes: await fs.getattr(ROOT_INO), path: "/" };
  await new TreeExport(fs, transfer, target).copyContents(root, target, []);
  target.close();
}

function write(fs: MemoryFileSystem, name: string, text: string, parent = ROOT_INO): Attributes {
  const file = fs.mknod(parent, Buffer.from(name), creation, 0);
  fs.write(file.ino, 0, Buffer.from(text));
  return fs.getattr(file.ino);
}

function buildTree(path: string): void {
  mkdirSync(join(path, "sub/deep"), { recursive: true });
  writeFileSync(join(path, "a.txt"), "hello");
  linkSync(join(path, "a.txt"), join(path, "sub/hard"));
  symlinkSync("../a.txt", join(path, "sub/sym"));
  symlinkSync("nowhere", join(path, "dangling"));
  linkSync(join(path, "dangling"), join(path, "dangling2"));
  writeFileSync(join(path, "empty"), "");
  writeFileSync(join(path, "big"), Buffer.alloc(3_000_000, "0123456789"));
  writeFileSync(join(path, "n".repeat(255)), "long");
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xe9, 0x0a])]), "bytes");
  writeFileSync(join(path, "sparse"), "begin");
  truncateSync(join(path, "sparse"), 8_000_000);
  mknod(Buffer.from(join(path, "fifo")), 0o010640, 0);
  setXattr(Buffer.from(join(path, "a.txt")), Buffer.from("user.note"), Buffer.from("x\0y"));
  chmodSync(join(path, "sub/deep"), 0o2751);
  chmodSync(join(path, "big"), 0o4711);
  const old = { sec: -5, nsec: 123_456_789 };
  for (const name of ["sub/deep", "a.txt", "sub/sym", "fifo"]) {
    setTimes(Buffer.from(join(path, name)), old, old);
  }
}

t.test("a tree goes in and out again as it was", async (t) => {
  const path = t.testdir({ in: {} });
  buildTree(join(path, "in"));
  if (isRoot) mknod(Buffer.from(join(path, "in/null")), S_IFCHR | 0o666, 0x103);
  const fs = new MemoryFileSystem();
  await importTree(fs, join(path, "in"));
  const transfer = newTransfer();
  await exportTree(fs, join(path, "out"), transfer);
  t.equal(transfer.exitCode, 0);
  const wanted = treeSnapshot(join(path, "in"));
  t.same(treeSnapshot(join(path, "out")), wanted);
  t.ok(lstatSync(join(path, "out/sparse")).blocks < 1000, "the hole is a hole");
  t.equal(String(getXattr(Buffer.from(join(path, "out/a.txt")), Buffer.from("user.note"))), "x\0y");
  const stat = lstatSync(join(path, "out/sub/sym"), { bigint: true });
  t.equal(stat.mtimeNs, -4_876_543_211n);
  await exportTree(fs, join(path, "out"));
  t.same(treeSnapshot(join(path, "out")), wanted, "replacing everything changes nothing");
  await importTree(fs, join(path, "in"));
  await exportTree(fs, join(path, "again"));
  t.same(treeSnapshot(join(path, "again")), wanted, "in both directions");
});

t.test("set-ID bits need the caller's word", async (t) => {
  const path = t.testdir();
  const fs = new MemoryFileSystem();
  fs.setattr(write(fs, "run", "x").ino, { mode: 0o6755 });
  await exportTree(fs, join(path, "a"), newTransfer(CAREFUL));
  t.equal(lstatSync(join(path, "a/run")).mode & 0o7777, 0o755);
  await exportTree(fs, join(path, "b"), newTransfer({ ...CAREFUL, privileges: true }));
  t.equal(lstatSync(join(path, "b/run")).mode & 0o7777, 0o6755);
});

t.test("what exists is refused, skipped or replaced", async (t) => {
  const path = t.testdir({ out: { a: "old", dir: { x: "old" }, taken: { y: "" } } });
  const fs = new MemoryFileSystem();
  write(fs, "a", "new");
  write(fs, "taken", "new");
  const dir = fs.mkdir(ROOT_INO, Buffer.from("dir"), { ...creation, mode: 0o755 });
  write(fs, "x", "new", dir.ino);
  write(fs, "z", "new", dir.ino);
  const read = (name: string): string => readFileSync(join(path, "out", name), "utf8");

  const refused = testContext();
  const refusing = newTransfer(CAREFUL, refused);
  await exportTree(fs, join(path, "out"), refusing);
  t.equal(refusing.exitCode, 1);
  t.equal(read("a"), "old");
  t.match(refused.err(), /dvault: \/a: it exists already\n/);
  t.notOk(existsSync(join(path, "out/dir/z")));

  const skipping = newTransfer({ ...CAREFUL, existing: "skip" });
  await exportTree(fs, join(path, "out"), skipping);
  t.equal(skipping.exitCode, 0);
  t.same([read("a"), read("dir/x"), read("dir/z")], ["old", "old", "new"]);

  const replaced = testContext();
  const replacing = newTransfer({ ...CAREFUL, existing: "replace" }, replaced);
  await exportTree(fs, join(path, "out"), replacing);
  t.same([read("a"), read("dir/x")], ["new", "new"]);
  t.equal(replacing.exitCode, 1);
  t.match(replaced.err(), /\/taken: a directory stands in the way/);
  t.same(readdirSync(join(path, "out")).sort(), ["a", "dir", "taken"], "nothing is left over");
});

t.test("putting over something replaces files and merges directories", async (t) => {
  const path = t.testdir({ in: { a: "new", b: { c: "new" }, d: "file" } });
  const fs = new MemoryFileSystem();
  const old = write(fs, "a", "old");
  const b = fs.mkdir(ROOT_INO, Buffer.from("b"), { ...creation, mode: 0o755 });
  write(fs, "kept", "old", b.ino);
  fs.mkdir(ROOT_INO, Buffer.from("d"), { ...creation, mode: 0o755 });
  const context = testContext();
  const transfer = newTransfer(KEEP, context);
  await importTree(fs, join(path, "in"), transfer);
  t.equal(transfer.exitCode, 1);
  t.match(context.err(), /in\/d: a directory stands in the way/);
  t.not(fs.lookup(ROOT_INO, Buffer.from("a"))?.ino, old.ino, "a file is replaced by a new one");
  t.equal(fs.lookup(b.ino, Buffer.from("kept"))?.size, 3);
  t.equal(fs.lookup(b.ino, Buffer.from("c"))?.size, 3);
  const skipping = newTransfer({ ...KEEP, existing: "skip" });
  const before = fs.lookup(ROOT_INO, Buffer.from("a"))?.ino;
  await importTree(fs, join(path, "in"), skipping);
  t.equal(fs.lookup(ROOT_INO, Buffer.from("a"))?.ino, before);
});

t.test("no name leads out of the target", async (t) => {
  const path = t.testdir({ outside: "untouched" });
  const fs = new HostileFileSystem();
  const evil = write(fs, "evil", "EVIL");
  const names = ["../outside", "/tmp/x", "a/b", "a\0b", "", "x".repeat(256), "fine"];
  fs.lie(ROOT_INO, [
    [".", fs.getattr(ROOT_INO)],
    ["..", fs.getattr(ROOT_INO)],
    ...names.map((name) => [name, evil] as const),
  ]);
  const context = testContext();
  const transfer = newTransfer(CAREFUL, context);
  await exportTree(fs, join(path, "out"), transfer);
  t.same(readdirSync(join(path, "out")), ["fine"]);
  t.equal(readFileSync(join(path, "outside"), "utf8"), "untouched");
  t.equal(transfer.exitCode, 15);
  t.equal(context.err().match(/no directory can hold this name/g)?.length, names.length - 1);
});

t.test("no symbolic link of the vault is written through", async (t) => {
  const path = t.testdir({ outside: { victim: "untouched" } });
  const fs = new HostileFileSystem();
  const evil = write(fs, "evil", "EVIL");
  const out = join(path, "outside");
  const toDirectory = fs.symlink(ROOT_INO, Buffer.from("l1"), Buffer.from(out), callerOf());
  const toFile = fs.symlink(ROOT_INO, Buffer.from("l2"), Buffer.from(`${out}/victim`), callerOf());
  const dir = fs.mkdir(ROOT_INO, Buffer.from("d"), { ...creation, mode: 0o755 });
  write(fs, "planted", "EVIL", dir.ino);
  fs.lie(ROOT_INO, [
    ["dir", toDirectory],
    ["dir", fs.getattr(dir.ino)],
    ["victim", toFile],
    ["victim", evil],
  ]);
  for (const existing of ["refuse", "skip", "replace"] as const) {
    const context = testContext();
    const transfer = newTransfer({ ...CAREFUL, existing }, context);
    await exportTree(fs, join(path, existing), transfer);
    t.same(readdirSync(out), ["victim"], existing);
    t.equal(readFileSync(join(out, "victim"), "utf8"), "untouched", existing);
    t.equal(readlinkSync(join(path, existing, "dir")), out);
    t.match(context.err(), /\/dir: /);
  }
  t.equal(readFileSync(join(path, "replace/victim"), "utf8"), "EVIL");
  t.ok(lstatSync(join(path, "replace/victim")).isFile(), "the link itself was replaced");
});

t.test("links that stand in the target already are not followed", async (t) => {
  const path = t.testdir({ outside: { victim: "untouched" }, out: {} });
  symlinkSync("../outside", join(path, "out/dir"));
  symlinkSync("../outside/victim", join(path, "out/file"));
  const fs = new MemoryFileSystem();
  const dir = fs.mkdir(ROOT_INO, Buffer.from("dir"), { ...creation, mode: 0o755 });
  write(fs, "planted", "EVIL", dir.ino);
  write(fs, "file", "EVIL");
  const transfer = newTransfer({ ...CAREFUL, existing: "replace" });
  await exportTree(fs, join(path, "out"), transfer);
  t.equal(transfer.exitCode, 1);
  t.same(readdirSync(join(path, "outside")), ["victim"]);
  t.equal(readFileSync(join(path, "outside/victim"), "utf8"), "untouched");
});

t.test("loops and shared directories end", async (t) => {
  const path = t.testdir();
  const fs = new HostileFileSystem();
  const dir = fs.mkdir(ROOT_INO, Buffer.from("d"), { ...creation, mode: 0o755 });
  fs.lie(dir.ino, [
    ["up", fs.getattr(ROOT_INO)],
    ["self", dir],
  ]);
  fs.lie(ROOT_INO, [
    ["one", dir],
    ["two", dir],
  ]);
  const context = testContext();
  const transfer = newTransfer(CAREFUL, context);
  await measureVault(fs, transfer, [fs.getattr(ROOT_INO)]);
  await exportTree(fs, join(path, "out"), transfer);
  t.equal(transfer.exitCode, 15);
  t.equal(context.err().match(/more than once/g)?.length, 3);
});

t.test("damage costs the damaged entry only", async (t) => {
  const path = t.testdir();
  const fs = new HostileFileSystem();
  const bad = write(fs, "bad", "x");
  const good = write(fs, "good", "content");
  const isBad = (ino: number): boolean => ino === bad.ino;
  const read = fs.read.bind(fs);
  fs.read = (ino, offset, length) => {
    if (isBad(ino)) throw new PageError("PAGE_CORRUPT", 7, "tag mismatch");
    return read(ino, offset, length);
  };
  fs.lie(ROOT_INO, [
    ["bad", bad],
    ["lost", undefined],
    ["good", good],
  ]);
  const context = testContext();
  const transfer = newTransfer(CAREFUL, context);
  await exportTree(fs, join(path, "out"), transfer);
  t.same(readdirSync(join(path, "out")), ["good"]);
  t.equal(transfer.exitCode, 15);
  t.match(context.err(), "dvault: /bad: page 7: tag mismatch\ndvault: /lost: its attributes");
});

t.test("Ctrl-C stops between pieces, keeps what is whole and removes what is not", async (t) => {
  const path = t.testdir({ in: { a: "whole", b: Buffer.alloc(3_000_000, "b") }, out: {} });
  const stoppedTransfer = (): Transfer => {
    const controller = new AbortController();
    const progress: Progress = {
      ...silentProgress,
      add: (bytes) => {
        if (bytes > 100) controller.abort(new UsageError("CANCELLED", "stopped"));
      },
    };
    return newTransfer(KEEP, testContext({}, controller.signal), progress);
  };
  const fs = new MemoryFileSystem();
  const source = HostDirectory.open(join(path, "in"));
  const tree = new TreeImport(fs, stoppedTransfer(), callerOf());
  const put = (name: Buffer): Promise<void> =>
    tree.copyEntry({ directory: source, name, path: String(name) }, { parent: ROOT_INO, name });
  await put(Buffer.from("a"));
  await t.rejects(put(Buffer.from("b")), { code: "CANCELLED" });
  t.equal(fs.lookup(ROOT_INO, Buffer.from("a"))?.size, 5);
  t.equal(fs.lookup(ROOT_INO, Buffer.from("b")), undefined);
  t.equal(fs.inodeCount, 2, "the file that was begun has gone");
  source.close();

  const whole = new MemoryFileSystem();
  await importTree(whole, join(path, "in"));
  const target = HostDirectory.open(join(path, "out"));
  const out = new TreeExport(whole, stoppedTransfer(), target);
  const get = (name: Buffer): Promise<void> => {
    const attributes = whole.lookup(ROOT_INO, name);
    if (attributes === undefined) throw new Error(`there is no ${name}`);
    return out.copyEntry(
      { attributes, path: `/${name}` },
      { directory: target, name, trail: [name] },
    );
  };
  await get(Buffer.from("a"));
  await t.rejects(get(Buffer.from("b")), { code: "CANCELLED" });
  t.same(readdirSync(join(path, "out")), ["a"]);
  target.close();
});

t.test("a store that fails stops the copying", async (t) => {
  const path = t.testdir({ a: "1", b: "2" });
  const fs = new MemoryFileSystem();
  fs.write = () => {
    throw new StoreError("STORE_FAILED", "the disk is gone");
  };
  await t.rejects(importTree(fs, path), { code: "STORE_FAILED" });
});

t.test("a file of the host can be left out, and one that vanished is noted", async (t) => {
  const path = t.testdir({ vault: "self", b: "x" });
  const fs = new MemoryFileSystem();
  const context = testContext();
  const transfer = newTransfer(KEEP, context);
  const tree = new TreeImport(fs, transfer, callerOf());
  tree.exclude(join(path, "vault"));
  const directory = HostDirectory.open(path);
  await tree.copyContents(directory, path, ROOT_INO);
  t.equal(fs.inodeCount, 2);
  const name = Buffer.from("gone");
  await tree.copyEntry({ directory, name, path: "gone" }, { parent: ROOT_INO, name });
  directory.close();
  t.equal(transfer.exitCode, 1);
  t.equal(context.err(), "dvault: gone: no such file or directory\n");
});

t.test("what is to be copied is measured on both sides", async (t) => {
  const path = t.testdir({ in: { a: "12345", sub: { b: "123" } } });
  let expected = 0;
  const progress = {
    ...silentProgress,
    expect: (bytes: number) => {
      expected += bytes;
    },
  };
  const transfer = newTransfer(KEEP, testContext(), progress);
  await measureHost(transfer, [join(path, "in")]);
  t.equal(expected, 8);
  const fs = new MemoryFileSystem();
  await importTree(fs, join(path, "in"));
  expected = 0;
  await measureVault(fs, transfer, [fs.getattr(ROOT_INO)]);
  t.equal(expected, 8);
});

t.test("names of a host directory are one component each", async (t) => {
  const directory = HostDirectory.open(t.testdir({ a: { b: "" } }));
  for (const name of ["", ".", "..", "a/b", "/", "a\0", "x".repeat(256)]) {
    t.throws(
      () => directory.path(Buffer.from(name)),
      { code: "VAULT_DAMAGED" },
      JSON.stringify(name),
    );
  }
  t.equal(directory.isEmpty(), false);
  const below = directory.enter(Buffer.from("a"));
  t.same([...below.names()].map(String), ["b"]);
  t.throws(() => below.enter(Buffer.from("b")), { code: "ENOTDIR" });
  below.close();
  directory.close();
});
