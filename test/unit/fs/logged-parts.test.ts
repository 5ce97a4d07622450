import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { StoreError } from "../../../src/core/base/errors.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import {
  crash,
  expectContent,
  expectStored,
  NearStore,
  type Opened,
  openWithFile,
  write,
} from "../../support/near-file.ts";
import {
  codeOf,
  namesIn,
  newFile,
  newFileSystem,
  readBytes,
} from "../../support/test-file-system.ts";
import { openTestVault } from "../../support/test-vault.ts";

const KEEP_SIZE = { operation: "punch-hole", keepSize: true } as const;

t.test("while the store fails, what a log has stays durable, and is stored later", async (t) => {
  const opened = await openWithFile();
  const { fs, ino, store, vault, told } = opened;
  const { ino: other } = await newFile(fs, "other");
  for (let block = 0; block < 20; block++) await write(opened, block * PAGE_SIZE + 9, 9, 9);
  store.failure = new StoreError("STORE_FAILED", "the disk is tired");
  t.equal(await codeOf(() => fs.fsync(ino)), undefined);
  for (let times = 0; times < 2; times++) {
    await vault.commit();
    t.equal(await codeOf(() => fs.fsync(ino)), "EIO", "a commit could not store it");
    t.equal(await codeOf(() => fs.fsync(other)), undefined);
  }
  t.equal(await codeOf(() => readBytes(fs, ino, 19 * PAGE_SIZE, 4)), "STORE_FAILED");
  t.same(await readBytes(fs, ino, 19 * PAGE_SIZE + 9, 9), Buffer.alloc(9, 9));
  t.ok(told.length > 0);
  t.ok(vault.isDirty);
  const crashed = await crash(opened);
  await expectContent(t, crashed, "from log to log");
  await expectStored(t, crashed, "and then in pages");
  store.failure = undefined;
  await codeOf(() => fs.fsync(ino));
  await vault.commit();
  t.equal(await codeOf(() => fs.fsync(ino)), undefined);
  t.ok(vault.isSafe);
  await expectStored(t, opened, "later");
});

t.test("synced parts are in a log, from the first fsync on, and no page is read", async (t) => {
  const opened = await openWithFile();
  const { fs, ino, store, vault } = opened;
  for (let block = 0; block < 90; block++) {
    await write(opened, block * PAGE_SIZE + 100 * block, 5000, block);
  }
  await fs.fsync(ino);
  const { generation } = vault;
  await write(opened, 7 * PAGE_SIZE + 60_000, 5, 1);
  await write(opened, 7 * PAGE_SIZE + 90, 1000, 2);
  await write(opened, 95 * PAGE_SIZE - 10, 20, 3);
  await fs.fsync(ino);
  t.equal(vault.generation, generation, "the second time without a commit");
  t.equal(store.reads, 0);
  t.ok(vault.isSafe);
  t.ok(vault.isDirty, "a commit is to follow");
  const crashed = await crash(opened);
  await expectContent(t, crashed, "after a crash");
  const again = await crash(await crash(opened), { partBytes: 0 });
  await write(again, 20 * PAGE_SIZE + 5, 70_000, 7);
  await again.fs.fsync(ino);
  await expectContent(t, await crash(again), "after two, and more");
  await expectStored(t, crashed, "stored after a crash");
  await expectStored(t, opened, "stored without one");
});

t.test("what becomes of a block after its part was logged is logged, too", async (t) => {
  const opened = await openWithFile();
  const { fs, ino, content, vault } = opened;
  for (let block = 0; block < 20; block++) await write(opened, block * PAGE_SIZE + 700, 700, 1);
  await fs.fsync(ino);
  const crashes: Opened[] = [];
  const sync = async (): Promise<void> => {
    await fs.fsync(ino);
    crashes.push(await crash(opened));
  };
  await readBytes(fs, ino, 2 * PAGE_SIZE, 10);
  await write(opened, 2 * PAGE_SIZE + 10, 10, 2);
  await sync();
  await write(opened, 3 * PAGE_SIZE, PAGE_SIZE, 3);
  await write(opened, 4 * PAGE_SIZE, 700, 4);
  await write(opened, 4 * PAGE_SIZE + 1400, PAGE_SIZE - 1400, 5);
  await sync();
  await fs.fallocate(ino, 5 * PAGE_SIZE, 2 * PAGE_SIZE + 800, KEEP_SIZE);
  content.fill(0, 5 * PAGE_SIZE, 7 * PAGE_SIZE + 800);
  await sync();
  await write(opened, 6 * PAGE_SIZE + 5, 5, 6);
  await sync();
  await fs.setattr(ino, { size: 15 * PAGE_SIZE + 900 });
  await fs.setattr(ino, { size: content.length });
  content.fill(0, 15 * PAGE_SIZE + 900);
  await write(opened, 17 * PAGE_SIZE + 5, 5, 7);
  await sync();
  await fs.copyFileRange({ ino, offset: 0 }, { ino, offset: 9 * PAGE_SIZE }, 3 * PAGE_SIZE);
  content.copy(content, 9 * PAGE_SIZE, 0, 3 * PAGE_SIZE);
  await write(opened, PAGE_SIZE + 3000, 30, 8);
  await write(opened, 10 * PAGE_SIZE + 4000, 40, 9);
  await sync();
  await vault.commit();
  await write(opened, 10 * PAGE_SIZE + 4100, 40, 9);
  await sync();
  for (const crashed of crashes) await expectContent(t, crashed, "after a crash");
  for (const crashed of crashes) await expectStored(t, crashed, "and a commit");
  await fs.unlink(ROOT_INO, utf8("file"));
  await fs.syncfs();
  await opened.vault.abandon();
  const store = new NearStore({ contents: opened.store.contents });
  const without = await newFileSystem(await openTestVault(store));
  t.same(await namesIn(without, ROOT_INO), []);
  t.equal(without.draftBytes, 0);
});

t.test("a log that has no more room for parts goes on in the next one", async (t) => {
  const opened = await openWithFile({ partBytes: 2 ** 26 });
  const { fs, ino, vault } = opened;
  for (let round = 0; round < 12; round++) {
    for (let at = 0; at < opened.content.length; at += PAGE_SIZE) {
      await write(opened, at + 10, 50_000, round);
    }
    await fs.fsync(ino);
  }
  t.equal(opened.store.reads, 0);
  t.ok(vault.isSafe);
  await expectContent(t, await crash(opened), "after a crash");
  await expectStored(t, opened, "later");
});

t.test("where no log has room, an fsync brings in the rest and stores it", async (t) => {
  const opened = await openWithFile();
  const { fs, ino, store } = opened;
  store.isFull = true;
  await write(opened, 10 * PAGE_SIZE + 10, 10, 1);
  await fs.fsync(ino);
  t.equal(store.reads, 1);
  t.equal(fs.draftBytes, 0);
  await expectContent(t, await crash(opened), "after a crash");
});
