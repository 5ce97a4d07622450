import { randomBytes } from "node:crypto";
import t from "tap";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import { StoreError } from "../../../src/core/base/errors.ts";
import { type CheckReport, checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFDIR, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { FileSystemWithSnapshots } from "../../../src/core/fs/snapshots/file-system-with-snapshots.ts";
import { removeSnapshots } from "../../../src/core/fs/snapshots/remove-snapshots.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import {
  creation,
  namesIn,
  newFile,
  newFileSystem,
  readBytes,
} from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

async function begin(): Promise<{ readonly vault: Vault; readonly fs: FileSystemWithSnapshots }> {
  const vault = await createTestVault(new MemoryStore());
  const fs = await newFileSystem(vault);
  const { snapshots } = vault;
  return { vault, fs: new FileSystemWithSnapshots({ fs, snapshots, options: nodePlatform }) };
}

t.test("snapshots stand in a directory of the root that is not listed", async (t) => {
  const { vault, fs } = await begin();
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, utf8("old"));
  await vault.snapshots.create(utf8("then"));
  await fs.write(ino, 0, utf8("new"));
  await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  t.same(await namesIn(fs, ROOT_INO), ["a", "d"]);
  const list = await entryOf(fs, ROOT_INO, utf8(".snapshots"));
  t.match(list, { mode: S_IFDIR | 0o555, nlink: 2 });
  t.same(await namesIn(fs, list.ino, 1), ["then"]);
  const root = await entryOf(fs, list.ino, utf8("then"));
  t.same(await namesIn(fs, root.ino), ["a"]);
  const old = await entryOf(fs, root.ino, utf8("a"));
  t.not(old.ino, ino, "it has a number of its own");
  t.equal((await readBytes(fs, old.ino)).toString(), "old");
  t.equal((await readBytes(fs, ino)).toString(), "new");
  const directory = await fs.opendir(root.ino);
  const entries = await directory.read(0, 10, "all");
  t.same(entries.find(({ name }) => toText(name) === "a")?.attributes?.ino, old.ino);
});

t.test("nothing in a snapshot, nor their list, can be changed", async (t) => {
  const { vault, fs } = await begin();
  const { ino } = await newFile(fs, "a");
  await vault.snapshots.create(utf8("then"));
  const list = (await entryOf(fs, ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await entryOf(fs, list, utf8("then"))).ino;
  const old = (await entryOf(fs, root, utf8("a"))).ino;
  const name = utf8("b");
  const place = (parent: number): { parent: number; name: Uint8Array } => ({ parent, name });
  await t.rejects(async () => fs.write(old, 0, utf8("x")), { code: "EROFS" });
  await t.rejects(async () => fs.setattr(root, { mode: 0 }), { code: "EROFS" });
  for (const parent of [root, list]) {
    await t.rejects(async () => fs.mkdir(parent, name, creation(0o755)), { code: "EROFS" });
    await t.rejects(async () => fs.unlink(parent, utf8("then")), { code: "EROFS" });
  }
  await t.rejects(async () => fs.link(old, ROOT_INO, name), { code: "EXDEV" });
  await t.rejects(async () => fs.rename(place(root), place(ROOT_INO), "replace"), {
    code: "EXDEV",
  });
  const copy = async (): Promise<number> =>
    fs.copyFileRange({ ino: old, offset: 0 }, { ino, offset: 0 }, 1);
  await t.rejects(copy, { code: "EXDEV" });
  const reserved = async (): Promise<unknown> =>
    fs.mkdir(ROOT_INO, utf8(".snapshots"), creation(0o755));
  await t.rejects(reserved, { code: "EEXIST" });
});

t.test("a snapshot that is gone is stale where it is still held", async (t) => {
  const { vault, fs } = await begin();
  await newFile(fs, "a");
  const made = await vault.snapshots.create(utf8("then"));
  const list = (await entryOf(fs, ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await entryOf(fs, list, utf8("then"))).ino;
  fs.retain(root);
  await removeSnapshots(vault.snapshots, new Set([made.id]));
  await t.rejects(async () => entryOf(fs, list, utf8("then")), { code: "ENOENT" });
  await t.rejects(async () => fs.getattr(root), { code: "ESTALE" });
  await vault.snapshots.create(utf8("then"));
  const again = (await entryOf(fs, list, utf8("then"))).ino;
  t.not(again, root, "its number stays its own while the kernel holds it");
  await fs.forget(root, 1);
  await vault.snapshots.create(utf8("other"));
  await entryOf(fs, list, utf8("other"));
  t.same(await namesIn(fs, again), ["a"]);
});

t.test("a removal that is stopped leaves the snapshot whole", async (t) => {
  const { vault, fs } = await begin();
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, new Uint8Array(200_000).fill(7));
  const { id } = await vault.snapshots.create(utf8("then"));
  await fs.unlink(ROOT_INO, utf8("a"));
  const stop = AbortSignal.abort(new Error("stopped"));
  await t.rejects(removeSnapshots(vault.snapshots, new Set([id]), stop), { message: "stopped" });
  const list = (await entryOf(fs, ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await entryOf(fs, list, utf8("then"))).ino;
  const old = await entryOf(fs, root, utf8("a"));
  t.equal((await readBytes(fs, old.ino)).length, 200_000);
  const before = vault.inspect().root.pagesInUse;
  await removeSnapshots(vault.snapshots, new Set([id]));
  t.ok(vault.inspect().root.pagesInUse <= before - 4, "its pages are free then");
});

t.test("a check reads what only snapshots have, and says whose it is", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const { ino: directory } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  const { ino } = await fs.mknod(directory, utf8("a"), creation(S_IFREG | 0o644), 0);
  const before = new Set(store.contents.pages.keys());
  await fs.write(ino, 0, randomBytes(3 * 65_536));
  await vault.commit();
  const [first, ...others] = [...store.contents.pages]
    .filter(([address, { length }]) => !before.has(address) && length > 65_536)
    .map(([address]) => address);
  t.equal(others.length, 2, "the file's pages");
  const old = await vault.snapshots.create(utf8("old"));
  await fs.write(ino, 2 * 65_536, utf8("new"));
  await vault.snapshots.create(utf8("newer"));
  await fs.unlink(directory, utf8("a"));
  await vault.close();
  const page = store.contents.pages.get(first as number) as Uint8Array;
  page[1000] = (page[1000] as number) ^ 1;
  const again = await openTestVault(new MemoryStore({ contents: store.contents }));
  const check = async (readData: boolean): Promise<CheckReport> =>
    checkVault(again, { readData, compressor: nodePlatform.compressor });
  t.same((await check(false)).findings, []);
  const { findings, bytes } = await check(true);
  t.match(findings, [
    { code: "page-damaged", snapshot: utf8("old"), path: utf8("/d/a"), span: { start: 0 } },
  ]);
  t.equal(findings.length, 1, "once, though two snapshots have it");
  t.equal(bytes, 3 * 65_536, "each page once, but for the one that is damaged");
  await removeSnapshots(again.snapshots, new Set([old.id]));
  t.match((await check(true)).findings, [{ snapshot: utf8("newer"), span: { end: 65_536 } }]);
  const [toc] = again.snapshots.list();
  store.contents.pages.set(toc?.toc.pointer?.address as number, page);
  const last = await openTestVault(new MemoryStore({ contents: store.contents, readOnly: true }));
  const options = { readData: true, compressor: nodePlatform.compressor };
  const damaged = await checkVault(last, options);
  t.match(damaged.findings[0], { code: "tree-damaged", snapshot: utf8("newer") });
});

t.test("a removal whose commit failed is tried again", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, randomBytes(3 * 65_536));
  const { id } = await vault.snapshots.create(utf8("then"));
  await fs.unlink(ROOT_INO, utf8("a"));
  const write = store.write.bind(store);
  store.write = async () => {
    throw new StoreError("STORE_FAILED", "the store is down");
  };
  await t.rejects(removeSnapshots(vault.snapshots, new Set([id])), { code: "STORE_FAILED" });
  t.equal(vault.snapshots.list().length, 1);
  store.write = write;
  await removeSnapshots(vault.snapshots, new Set([id]));
  t.same(vault.snapshots.list(), []);
  const report = await checkVault(vault, {
    readData: true,
    compressor: nodePlatform.compressor,
  });
  t.match(report, { findings: [], leakedPages: 0 });
});
