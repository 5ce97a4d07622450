import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import type { Snapshot } from "../../../src/core/format/commit-root.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFIFO, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { removeSnapshots } from "../../../src/core/fs/snapshots/remove-snapshots.ts";
import type {
  Restoration,
  RestoreRequest,
} from "../../../src/core/fs/snapshots/restore/restore-tree.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { type MemoryContents, MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { TransactionalVault } from "../../../src/core/vault/transaction.ts";
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
import { type ListedEntry, listContents } from "../../support/vault-contents.ts";

const PAGE = 65_536;

/** A vault that states are kept of and come back to. */
class Restored {
  readonly store: MemoryStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;

  constructor(store: MemoryStore, vault: Vault, fs: VaultFileSystem) {
    this.store = store;
    this.vault = vault;
    this.fs = fs;
  }

  static async begin(): Promise<Restored> {
    const store = new MemoryStore();
    const vault = await createTestVault(store);
    return new Restored(store, vault, await newFileSystem(vault));
  }

  keep(name: string): Promise<Snapshot> {
    return this.vault.snapshots.create(utf8(name));
  }

  restore(
    snapshot: Snapshot,
    path: string,
    choice: Partial<RestoreRequest> & { readonly source?: TransactionalVault } = {},
  ): Promise<Restoration> {
    const { snapshots } = this.vault;
    const { source = snapshots.view(snapshot), ...rest } = choice;
    const usual = { paths: [namesOf(path)], force: false, delete: false, dryRun: false };
    return snapshots.whileKept(() => this.fs.restore(source, { ...usual, ...rest }));
  }

  remove(...snapshots: readonly Snapshot[]): Promise<void> {
    return removeSnapshots(this.vault.snapshots, new Set(snapshots.map(({ id }) => id)));
  }

  contents(): Promise<Record<string, ListedEntry>> {
    return listContents(this.fs);
  }

  /** @returns pages in use */
  async whole(t: Test): Promise<number> {
    await this.vault.commit();
    await this.vault.commit();
    const { compressor } = nodePlatform;
    const report = await checkVault(this.vault, { readData: true, compressor });
    t.same(report.findings, []);
    t.equal(report.leakedPages, 0);
    return this.vault.inspect().root.pagesInUse;
  }
}

function namesOf(path: string): Uint8Array[] {
  return path.split("/").map((name) => utf8(name));
}

function changesOf({ changes }: Restoration): string[] {
  return changes.map(({ kind, path }) => `${kind} ${toText(path)}`);
}

/** A view that lets something happen when it is asked for the n-th time. */
function interrupted(view: TransactionalVault, nth: number, body: () => void): TransactionalVault {
  let asked = 0;
  const transact: TransactionalVault["transact"] = (work) => {
    asked += 1;
    if (asked === nth) body();
    return view.transact(work);
  };
  return new Proxy(view, {
    get: (target, key) => (key === "transact" ? transact : Reflect.get(target, key, target)),
  });
}

t.test("a deleted file comes back without its data being written again", async (t) => {
  const { vault, fs, ...rest } = await Restored.begin();
  const restored = new Restored(rest.store, vault, fs);
  const content = randomBytes(40 * PAGE + 5000);
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, content);
  await fs.setxattr(ino, utf8("user.small"), utf8("x"), "set");
  await fs.setxattr(ino, utf8("user.large"), randomBytes(20_000), "set");
  const then = await restored.keep("then");
  const before = await restored.contents();
  await fs.unlink(ROOT_INO, utf8("a"));
  const pages = await restored.whole(t);
  t.same(changesOf(await restored.restore(then, "a")), ["added /a"]);
  t.same((await restored.contents())["/a"], before["/a"]);
  t.ok((await restored.whole(t)) < pages + 5, "pages are shared");
  t.same(changesOf(await restored.restore(then, "a")), [], "it is there already");
  await restored.remove(then);
  t.same((await restored.contents())["/a"], before["/a"], "it stays when the snapshot goes");
});

t.test("what is different stays as it is unless it is to be replaced", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const { ino: directory } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o700));
  const { ino } = await fs.mknod(directory, utf8("a"), creation(S_IFREG | 0o600), 0);
  await fs.mknod(directory, utf8("b"), creation(S_IFREG | 0o600), 0);
  await fs.write(ino, 0, randomBytes(5 * PAGE));
  const then = await restored.keep("then");
  const before = await restored.contents();
  await fs.write(ino, PAGE, utf8("different"));
  await fs.unlink(directory, utf8("b"));
  await newFile(fs, "new");
  fs.retain(ino);
  const refused = await restored.restore(then, "d");
  t.equal(refused.isDone, false);
  t.same(changesOf(refused), ["changed /d/a", "added /d/b"]);
  t.same(await namesIn(fs, directory), ["a"]);
  const asked = await restored.restore(then, "d", { force: true, dryRun: true });
  t.same([asked.isDone, changesOf(asked)], [false, ["changed /d", "changed /d/a", "added /d/b"]]);
  t.equal((await restored.restore(then, "d", { force: true })).isDone, true);
  const after = await restored.contents();
  for (const path of ["/d", "/d/a", "/d/b"]) t.same(after[path], before[path], path);
  t.match((await readBytes(fs, ino, PAGE, 9)).toString(), "different", "for whom has it open");
  await fs.forget(ino, 1);
  await t.rejects(async () => fs.getattr(ino), { code: "ENOENT" });
  t.ok(after["/new"], "what was not there then is left alone");
  await restored.whole(t);
});

t.test("everything is as it was when names that came since are removed", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const place = async (path: string): Promise<number> =>
    (await fs.mkdir(ROOT_INO, utf8(path), creation(0o755))).ino;
  const kept = await place("kept");
  const { ino } = await fs.mknod(kept, utf8("one"), creation(S_IFREG | 0o600), 0);
  await fs.write(ino, 0, utf8("small"));
  await fs.link(ino, kept, utf8("two"));
  await fs.link(ino, kept, utf8("three"));
  await fs.symlink(kept, utf8("link"), utf8("one"), { uid: 3, gid: 4 });
  await fs.mknod(kept, utf8("pipe"), creation(S_IFIFO | 0o600), 0);
  const then = await restored.keep("then");
  const before = await restored.contents();
  for (const name of ["two", "link", "pipe"]) await fs.unlink(kept, utf8(name));
  const fresh = await place("fresh");
  const below = (await fs.mkdir(fresh, utf8("below"), creation(0o755))).ino;
  for (let n = 0; n < 40; n++) await fs.mkdir(below, utf8(`${n}`), creation(0o755));
  await fs.mknod(below, utf8("file"), creation(S_IFREG | 0o600), 0);
  const done = await restored.restore(then, "kept", { paths: [[]], force: true, delete: true });
  t.same(changesOf(done), [
    "changed /",
    "removed /fresh",
    "changed /kept",
    ...["added /kept/link", "added /kept/pipe", "added /kept/two"],
  ]);
  t.same(await restored.contents(), before);
  t.equal((await entryOf(fs, kept, utf8("two"))).ino, ino, "hard links are links again");
  t.equal(restored.vault.inodes, 5, "what was removed is gone with all below");
  await restored.whole(t);
});

t.test("directories on the way to a path are made as they were", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const { ino: outer } = await fs.mkdir(ROOT_INO, utf8("outer"), creation(0o751));
  const { ino: inner } = await fs.mkdir(outer, utf8("inner"), creation(0o711));
  for (const name of ["a", "b", "c"]) {
    await fs.mknod(inner, utf8(name), creation(S_IFREG | 0o600), 0);
  }
  const then = await restored.keep("then");
  const before = await restored.contents();
  await restored.restore(then, "", { paths: [[]] });
  for (const name of ["a", "b", "c"]) await fs.unlink(inner, utf8(name));
  await fs.rmdir(outer, utf8("inner"));
  await fs.rmdir(ROOT_INO, utf8("outer"));
  const paths = [namesOf("outer/inner/a"), namesOf("outer/inner/b")];
  t.same(changesOf(await restored.restore(then, "", { paths })), ["added /outer"]);
  const { "/outer/inner/c": gone, ...rest } = before;
  t.ok(gone);
  const after = await restored.contents();
  t.same({ ...after, "/": rest["/"] }, rest);
  for (const path of ["outer/no", "outer/inner/no", "outer/inner/a/below", "no"]) {
    await t.rejects(restored.restore(then, path), { code: /ENOENT|ENOTDIR/, message: /outer|no/ });
  }
  await restored.whole(t);
});

t.test("one path goes to another place", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, randomBytes(3 * PAGE));
  const then = await restored.keep("then");
  const content = (await readBytes(fs, ino)).toString("hex");
  await fs.write(ino, 0, utf8("different"));
  const to = namesOf("b");
  t.same(changesOf(await restored.restore(then, "a", { to })), ["added /b"]);
  const copy = await entryOf(fs, ROOT_INO, utf8("b"));
  t.equal((await readBytes(fs, copy.ino)).toString("hex"), content);
  t.match((await readBytes(fs, ino)).toString(), /^different/);
  await fs.unlink(ROOT_INO, utf8("a"));
  await restored.remove(then);
  t.equal((await readBytes(fs, copy.ino)).toString("hex"), content, "it has its pages alone now");
  const more = { paths: [namesOf("a"), namesOf("b")], to };
  const again = await restored.keep("again");
  await t.rejects(restored.restore(again, "", more), { code: "EINVAL" });
  await t.rejects(restored.restore(again, "b", { to: [] }), { code: "EINVAL" });
  await t.rejects(restored.restore(again, "b", { to: namesOf("x/y") }), { code: "ENOENT" });
  const whole = await restored.restore(again, "", { paths: [[]], to: namesOf("whole") });
  t.same(changesOf(whole), ["added /whole"]);
  t.ok((await restored.contents())["/whole/b"]);
  await restored.whole(t);
});

t.test("pages that came back are freed with the last that has them", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const blank = await restored.whole(t);
  const first = await newFile(fs, "big");
  await fs.write(first.ino, 0, randomBytes(20 * PAGE));
  const small = await newFile(fs, "small");
  await fs.write(small.ino, 0, randomBytes(3000));
  const old = await restored.keep("old");
  for (const name of ["big", "small"]) await fs.unlink(ROOT_INO, utf8(name));
  const newer = await restored.keep("newer");
  await restored.restore(old, "", { paths: [[]] });
  const before = await restored.contents();
  await restored.remove(old);
  t.same(await restored.contents(), before);
  await restored.whole(t);
  const newest = await restored.keep("newest");
  for (const name of ["big", "small"]) await fs.unlink(ROOT_INO, utf8(name));
  t.ok((await restored.whole(t)) > blank + 20, "the newest snapshot has them");
  await restored.remove(newest);
  t.ok((await restored.whole(t)) < blank + 10, "a snapshot that never had them keeps nothing");
  await restored.remove(newer);
  t.ok((await restored.whole(t)) <= blank + 2);
});

t.test("pages that came back and died are freed with any snapshot", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const blank = await restored.whole(t);
  for (const [name, size] of [["big", 20 * PAGE] as const, ["small", 3000] as const]) {
    await fs.write((await newFile(fs, name)).ino, 0, randomBytes(size));
  }
  const old = await restored.keep("old");
  for (const name of ["big", "small"]) await fs.unlink(ROOT_INO, utf8(name));
  const newer = await restored.keep("newer");
  await restored.restore(old, "", { paths: [[]] });
  await restored.remove(old);
  for (const name of ["big", "small"]) await fs.unlink(ROOT_INO, utf8(name));
  await restored.whole(t);
  await restored.remove(newer);
  t.ok((await restored.whole(t)) <= blank + 2, "though that one never had them");
});

t.test("a file of many extents comes back whole", async (t) => {
  const restored = await Restored.begin();
  const { fs } = restored;
  const { ino } = await newFile(fs, "holes");
  for (let n = 0; n < 300; n++) await fs.write(ino, 2 * n * PAGE, Buffer.alloc(PAGE, n + 1));
  await fs.write(ino, 700 * PAGE, new Uint8Array(300 * PAGE).fill(5));
  const then = await restored.keep("then");
  const before = await restored.contents();
  await fs.write(ino, 0, utf8("changed"));
  await restored.restore(then, "holes", { force: true });
  t.same((await restored.contents())["/holes"], before["/holes"]);
  await restored.whole(t);
});

t.test("what is changed while a restore works is left as it is", async (t) => {
  const restored = await Restored.begin();
  const { fs, vault } = restored;
  await newFile(fs, "a");
  const { ino } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  for (let n = 0; n < 30; n++) {
    await fs.mknod(ino, utf8(`${n}`), creation(S_IFREG | 0o600), 0);
  }
  const then = await restored.keep("then");
  await restored.restore(then, "d", { to: namesOf("e") });
  await fs.unlink(ROOT_INO, utf8("a"));
  const changing = interrupted(vault.snapshots.view(then), 20, () => void newFile(fs, "f"));
  const before = await restored.whole(t);
  const failing = restored.restore(then, "d", { to: namesOf("f"), source: changing });
  await t.rejects(failing, { code: "EBUSY" });
  await fs.unlink(ROOT_INO, utf8("f"));
  const broken = interrupted(vault.snapshots.view(then), 20, () => {
    throw new Error("broken");
  });
  const breaking = restored.restore(then, "d", { to: namesOf("f"), source: broken });
  await t.rejects(breaking, { message: "broken" });
  await fs.reclaimOrphans();
  t.equal(vault.inodes, 63, "no copy is left");
  t.ok((await restored.whole(t)) <= before + 1);
});

t.test("what an interrupted restore leaves is reclaimed by the next session", async (t) => {
  const restored = await Restored.begin();
  const { fs, vault, store } = restored;
  const { ino } = await fs.mkdir(ROOT_INO, utf8("d"), creation(0o755));
  const { ino: below } = await fs.mkdir(ino, utf8("below"), creation(0o755));
  for (let n = 0; n < 30; n++) {
    await fs.mknod(below, utf8(`${n}`), creation(S_IFREG | 0o600), 0);
  }
  const then = await restored.keep("then");
  const images: MemoryContents[] = [];
  const copyStore = (): void => {
    const { headers, pages } = store.contents;
    images.push({ headers: [...headers], pages: new Map(pages) });
  };
  const source = interrupted(vault.snapshots.view(then), 25, () => {
    void vault.commit().then(copyStore);
  });
  await restored.restore(then, "d", { to: namesOf("e"), source });
  const [contents] = images;
  t.ok(contents);
  const again = await openTestVault(new MemoryStore(contents && { contents }));
  const next = new Restored(store, again, await newFileSystem(again));
  await next.whole(t);
  t.ok(again.inodes > 33, "a part of the copy is there");
  await next.fs.reclaimOrphans();
  t.equal(again.inodes, 33);
  t.same(await namesIn(next.fs, ROOT_INO), ["d"]);
  await next.whole(t);
});
