import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import type { PagePointer } from "../../../src/core/format/address.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { PageMover } from "../../../src/core/fs/move/page-mover.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import {
  BLOCKS,
  expectContent,
  expectStored,
  openWithFile,
  reopen,
  write,
} from "../../support/near-file.ts";
import { codeOf, newFile, readBytes } from "../../support/test-file-system.ts";

const KEEP_SIZE = { operation: "punch-hole", keepSize: true } as const;

t.test(
  "a write into a part of a near page reads nothing until the rest is asked for",
  async (t) => {
    const opened = await openWithFile();
    const { fs, ino, store, content } = opened;
    await write(opened, 5 * PAGE_SIZE + 100, 4096, 7);
    await write(opened, 5 * PAGE_SIZE + 4196, 4, 8);
    await write(opened, 7 * PAGE_SIZE - 1, 2, 9);
    t.same(
      await readBytes(fs, ino, 5 * PAGE_SIZE + 100, 4100),
      content.subarray(5 * PAGE_SIZE + 100, 5 * PAGE_SIZE + 4200),
    );
    t.equal(store.reads, 0, "what was written is there");
    t.same(
      await readBytes(fs, ino, 5 * PAGE_SIZE + 99, 4),
      content.subarray(5 * PAGE_SIZE + 99, 5 * PAGE_SIZE + 103),
    );
    t.equal(store.reads, 1);
    await expectContent(t, opened, "now");
    await expectStored(t, opened, "later");
  },
);

t.test("the oldest of many writes into parts are filled together, beside them", async (t) => {
  const opened = await openWithFile({ partBytes: 31 * 4096 });
  const { fs, ino, store, vault } = opened;
  for (let block = 0; block < 40; block++) await write(opened, block * PAGE_SIZE + 77, 10, 3);
  while (store.reads < 32) await new Promise((resolve) => setImmediate(resolve));
  t.equal(store.reads, 32, "the others take little memory, and wait");
  await fs.fsync(ino);
  t.equal(store.reads, 32, "a log takes what was written of them");
  await vault.commit();
  t.equal(store.reads, 40);
  await expectContent(t, opened, "now");
  await expectStored(t, opened, "later");
});

t.test("a stream of small writes over whole blocks reads no page", async (t) => {
  const opened = await openWithFile();
  for (let at = 0; at < 24 * PAGE_SIZE; at += 4096) await write(opened, at, 4096, 5 + (at >>> 16));
  await opened.fs.fsync(opened.ino);
  t.equal(opened.store.reads, 0);
  await expectStored(t, opened, "later");
});

t.test(
  "a commit brings in the rest of many blocks by rounds, each of which is stored",
  async (t) => {
    const opened = await openWithFile();
    const { fs, store, vault } = opened;
    for (let block = 0; block < BLOCKS; block++) await write(opened, block * PAGE_SIZE + 77, 10, 3);
    t.equal(store.reads, 0, "they take little memory");
    const bytesAt: number[] = [];
    store.onRead = () => bytesAt.push(fs.draftBytes);
    await vault.commit();
    t.equal(store.reads, BLOCKS);
    t.equal(fs.draftBytes, 0);
    t.ok(Math.max(...bytesAt) < 2 * 64 * PAGE_SIZE, "few of them are in memory at once");
    await expectStored(t, opened, "later");
  },
);

t.test("no more than so many wait; then a write waits for its page", async (t) => {
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let isShut = false;
  const delay = async (): Promise<void> => (isShut ? gate : undefined);
  const opened = await openWithFile({ delay, partBytes: 0 });
  isShut = true;
  const written: number[] = [];
  const writes = Array.from({ length: BLOCKS }, (_, block) =>
    write(opened, block * PAGE_SIZE + 9, 9, 9).then(() => written.push(block)),
  );
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(written.length, 64);
  goOn();
  await Promise.all(writes);
  await expectContent(t, opened, "now");
  await expectStored(t, opened, "later");
});

t.test("a page that is far away is waited for, and a page in memory is used", async (t) => {
  const opened = await openWithFile({ isNear: false });
  await write(opened, 10, 10, 1);
  t.equal(opened.store.reads, 1);
  const near = await reopen(opened);
  await readBytes(near.fs, near.ino, 3 * PAGE_SIZE, 10);
  t.equal(near.store.reads, 1);
  near.store.damage(3);
  await write(near, 3 * PAGE_SIZE + 30, 10, 1);
  await near.fs.fsync(near.ino);
  t.equal(near.store.reads, 1);
});

t.test("a write into many parts of a block is filled in between", async (t) => {
  const opened = await openWithFile();
  for (let i = 0; i < 100; i++) await write(opened, 2 * PAGE_SIZE + 600 * i, 300, i);
  t.equal(opened.store.reads, 1);
  await expectStored(t, opened, "later");
});

t.test("cutting, punching and copying wait for what they need of a block", async (t) => {
  const opened = await openWithFile();
  const { fs, ino, content } = opened;
  for (const block of [1, 3, 5, 8, 20]) await write(opened, block * PAGE_SIZE + 500, 500, 2);
  await fs.fallocate(ino, PAGE_SIZE + 700, 4 * PAGE_SIZE, KEEP_SIZE);
  content.fill(0, PAGE_SIZE + 700, 5 * PAGE_SIZE + 700);
  await fs.copyFileRange({ ino, offset: 8 * PAGE_SIZE }, { ino, offset: 11 * PAGE_SIZE + 1 }, 700);
  content.copy(content, 11 * PAGE_SIZE + 1, 8 * PAGE_SIZE, 8 * PAGE_SIZE + 700);
  await write(opened, 9 * PAGE_SIZE, 10, 3);
  const whole = { from: { ino, offset: 9 * PAGE_SIZE }, to: { ino, offset: 30 * PAGE_SIZE } };
  await fs.copyFileRange(whole.from, whole.to, 2 * PAGE_SIZE);
  content.copy(content, 30 * PAGE_SIZE, 9 * PAGE_SIZE, 11 * PAGE_SIZE);
  const size = 20 * PAGE_SIZE + 800;
  await fs.setattr(ino, { size });
  await fs.setattr(ino, { size: content.length });
  content.fill(0, size);
  await expectContent(t, opened, "now");
  await expectStored(t, opened, "later");
});

t.test("what comes for a draft that is gone is left", async (t) => {
  const opened = await openWithFile({ partBytes: 15 * 4096 });
  const { fs, ino, store, content, vault } = opened;
  let deeds: (() => Promise<unknown>)[] = [];
  let done: Promise<unknown> = Promise.resolve();
  store.onRead = () => {
    const due = deeds;
    deeds = [];
    done = Promise.all(due.map((deed) => deed()));
  };
  for (let block = 0; block < 15; block++) await write(opened, block * PAGE_SIZE + 5, 5, 6);
  deeds = [
    async () => fs.fallocate(ino, PAGE_SIZE, PAGE_SIZE, KEEP_SIZE),
    async () => fs.write(ino, 3 * PAGE_SIZE, new Uint8Array(PAGE_SIZE).fill(1)),
    async () => fs.write(ino, 4 * PAGE_SIZE + 7, new Uint8Array(7).fill(2)),
    async () => fs.setattr(ino, { size: 10 * PAGE_SIZE }),
    async () => fs.setattr(ino, { size: content.length }),
    async () => fs.write(ino, 12 * PAGE_SIZE + 3, new Uint8Array(3).fill(3)),
  ];
  await write(opened, 15 * PAGE_SIZE + 5, 5, 6);
  while (deeds.length > 0) await new Promise((resolve) => setImmediate(resolve));
  await done;
  content.fill(0, PAGE_SIZE, 2 * PAGE_SIZE);
  content.fill(1, 3 * PAGE_SIZE, 4 * PAGE_SIZE);
  content.fill(2, 4 * PAGE_SIZE + 7, 4 * PAGE_SIZE + 14);
  content.fill(0, 10 * PAGE_SIZE);
  content.fill(3, 12 * PAGE_SIZE + 3, 12 * PAGE_SIZE + 6);
  await expectContent(t, opened, "now");
  const other = await newFile(fs, "other");
  await write(opened, 2 * PAGE_SIZE + 9, 9, 9);
  await fs.unlink(ROOT_INO, utf8("file"));
  await fs.fsync(other.ino);
  await vault.close();
});

t.test("files that share a page each get its content for their own", async (t) => {
  const opened = await openWithFile();
  const { fs, vault, ino, content } = opened;
  const copy = await newFile(fs, "copy");
  await fs.copyFileRange({ ino, offset: 0 }, { ino: copy.ino, offset: 0 }, content.length);
  const other = Buffer.from(content);
  for (let block = 0; block < 8; block++) {
    await write(opened, block * PAGE_SIZE + 5, 5, 6);
    await fs.write(copy.ino, block * PAGE_SIZE + 9, new Uint8Array(9).fill(7));
    other.fill(7, block * PAGE_SIZE + 9, block * PAGE_SIZE + 18);
  }
  await fs.fsync(ino);
  await expectContent(t, opened, "the first");
  t.ok(other.equals(await readBytes(fs, copy.ino)), "the second");
  await vault.close();
});

t.test("a page that moves meanwhile is found where it is", async (t) => {
  const opened = await openWithFile();
  const { store, vault, told } = opened;
  for (let block = 0; block < 10; block++) await write(opened, block * PAGE_SIZE + 5, 5, 6);
  const before = store.dataPages();
  const { generation } = vault;
  const isWanted = (page: PagePointer): boolean => page.generation <= generation;
  await new PageMover(vault, { isWanted }).run();
  for (const address of before) store.contents.pages.delete(address);
  await expectContent(t, opened, "now");
  await expectStored(t, opened, "later");
  t.same(told, []);
});

t.test(
  "a damaged page costs what was written over it: told once, and stops nothing else",
  async (t) => {
    const opened = await openWithFile();
    const { fs, ino, store, vault, told, content } = opened;
    const { ino: other } = await newFile(fs, "other");
    store.damage(4);
    await write(opened, 4 * PAGE_SIZE + 50, 50, 1);
    await write(opened, 6 * PAGE_SIZE + 60, 60, 2);
    await fs.write(other, 0, utf8("other"));
    await fs.fsync(other);
    t.same(await readBytes(fs, ino, 4 * PAGE_SIZE + 50, 50), Buffer.alloc(50, 1));
    t.same(told, [], "nobody has looked yet");
    await vault.commit();
    t.match(told, [{ code: "EIO", message: /inode \d+ between 262144 and 327680 is lost/ }]);
    t.equal(await codeOf(() => fs.fsync(ino)), "EIO");
    t.equal(await codeOf(() => fs.fsync(ino)), undefined);
    t.equal(fs.draftBytes, 0);
    t.equal(told.length, 1);
    t.equal(await codeOf(() => readBytes(fs, ino, 4 * PAGE_SIZE + 50, 50)), "PAGE_CORRUPT");
    t.same(
      await readBytes(fs, ino, 5 * PAGE_SIZE, 2 * PAGE_SIZE),
      content.subarray(5 * PAGE_SIZE, 7 * PAGE_SIZE),
    );
    await write(opened, 4 * PAGE_SIZE, PAGE_SIZE, 3);
    await fs.fsync(ino);
    await expectStored(t, opened, "a block that was written whole is whole again");
  },
);

t.test("a damaged page is told to who reads, cuts or zeroes beside what was written", async (t) => {
  for (const deed of [
    (fs: VaultFileSystem, ino: number) => readBytes(fs, ino, PAGE_SIZE, 10),
    (fs: VaultFileSystem, ino: number) => fs.setattr(ino, { size: PAGE_SIZE + 10 }),
    (fs: VaultFileSystem, ino: number) => fs.fallocate(ino, PAGE_SIZE + 10, 10, KEEP_SIZE),
  ]) {
    const opened = await openWithFile();
    const { fs, ino, store, told } = opened;
    store.damage(1);
    await write(opened, PAGE_SIZE + 100, 100, 1);
    t.equal(await codeOf(() => deed(fs, ino)), "PAGE_CORRUPT");
    t.equal(await codeOf(() => fs.fsync(ino)), "EIO");
    t.equal(await codeOf(() => fs.fsync(ino)), undefined);
    t.equal(told.length, 1);
  }
});
