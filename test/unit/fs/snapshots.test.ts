import t from "tap";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import { ROOT_INO, S_IFDIR } from "../../../src/core/fs/file-system.ts";
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
import { createTestVault } from "../../support/test-vault.ts";

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
  const list = await fs.lookup(ROOT_INO, utf8(".snapshots"));
  t.match(list, { mode: S_IFDIR | 0o555, nlink: 2 });
  t.same(await namesIn(fs, list.ino, 1), ["then"]);
  const root = await fs.lookup(list.ino, utf8("then"));
  t.same(await namesIn(fs, root.ino), ["a"]);
  const old = await fs.lookup(root.ino, utf8("a"));
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
  const list = (await fs.lookup(ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await fs.lookup(list, utf8("then"))).ino;
  const old = (await fs.lookup(root, utf8("a"))).ino;
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
  const list = (await fs.lookup(ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await fs.lookup(list, utf8("then"))).ino;
  fs.retain(root);
  await removeSnapshots(vault.snapshots, new Set([made.id]));
  await t.rejects(async () => fs.lookup(list, utf8("then")), { code: "ENOENT" });
  await t.rejects(async () => fs.getattr(root), { code: "ESTALE" });
  await vault.snapshots.create(utf8("then"));
  const again = (await fs.lookup(list, utf8("then"))).ino;
  t.not(again, root, "its number stays its own while the kernel holds it");
  await fs.forget(root, 1);
  await vault.snapshots.create(utf8("other"));
  await fs.lookup(list, utf8("other"));
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
  const list = (await fs.lookup(ROOT_INO, utf8(".snapshots"))).ino;
  const root = (await fs.lookup(list, utf8("then"))).ino;
  const old = await fs.lookup(root, utf8("a"));
  t.equal((await readBytes(fs, old.ino)).length, 200_000);
  const before = vault.inspect().root.pagesInUse;
  await removeSnapshots(vault.snapshots, new Set([id]));
  t.ok(vault.inspect().root.pagesInUse <= before - 4, "its pages are free then");
});
