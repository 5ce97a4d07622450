import t from "tap";
import { concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { StoreError } from "../../../src/core/base/errors.ts";
import { decodeDraftRecords, encodeDraftRecord } from "../../../src/core/fs/draft-records.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO, S_IFREG } from "../../../src/core/fs/file-system.ts";
import { recoverVault } from "../../../src/core/fs/recover/recover-vault.ts";
import type { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { ScannedStore } from "../../support/scanned-store.ts";
import { creation, newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault, testCredentials } from "../../support/test-vault.ts";

/** A store whose disk others fill up. */
class CrowdedStore extends MemoryStore {
  isCrowded = false;

  override allocate(count: number, reserve: number, out: number[]): void {
    if (this.isCrowded && reserve > 0) throw new StoreError("STORE_FULL", "full");
    super.allocate(count, reserve, out);
  }
}

interface Opened {
  readonly store: CrowdedStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

/** A file system whose vault has an open log. */
async function withLog(): Promise<Opened> {
  const store = new CrowdedStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  await fs.syncfs();
  return { store, vault, fs };
}

/** The file system as it is after a crash now. */
async function crashed({ store }: Opened, readOnly = false): Promise<Opened> {
  const { headers, pages } = store.contents;
  const contents = { headers: [...headers] as typeof headers, pages: new Map(pages) };
  const again = new CrowdedStore({ contents, readOnly });
  const vault = await openTestVault(again);
  return { store: again, vault, fs: await newFileSystem(vault) };
}

async function contentOf(fs: VaultFileSystem, name: string): Promise<Buffer> {
  const { ino, size } = await entryOf(fs, ROOT_INO, utf8(name));
  return readBytes(fs, ino, 0, size);
}

t.test("synced drafts are drafts again after a crash, with their blocks counted", async (t) => {
  const opened = await withLog();
  const { fs, vault } = opened;
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, new Uint8Array(100_000).fill(1));
  await fs.fsync(ino);
  await fs.write(ino, 70_000, new Uint8Array(10).fill(2));
  await fs.fsync(ino);
  const { generation } = vault;
  const { blocks } = await fs.getattr(ino);
  const again = await crashed(opened);
  t.equal((await again.fs.getattr(ino)).blocks, blocks);
  t.ok(again.fs.draftBytes > 0);
  t.equal(again.vault.generation, generation + 1, "opening makes the headers the same");
  const expected = Buffer.alloc(100_000, 1).fill(2, 70_000, 70_010);
  t.same(await contentOf(again.fs, "a"), expected);
  await again.vault.commit();
  t.equal(again.fs.draftBytes, 0);
  t.same(await contentOf((await crashed(again)).fs, "a"), expected);
});

/** Bytes of the pages that come into a store while a body runs. */
async function bytesAdded({ contents }: MemoryStore, body: () => Promise<void>): Promise<number> {
  const before = new Set(contents.pages.keys());
  await body();
  const added = [...contents.pages].filter(([address]) => !before.has(address));
  return added.reduce((sum, [, bytes]) => sum + bytes.length, 0);
}

t.test("parts of a block that lie apart are told without what is between", async (t) => {
  const opened = await withLog();
  const { store, fs } = opened;
  const { ino } = await newFile(fs, "a");
  const expected = Buffer.alloc(60_000, 1);
  await fs.write(ino, 0, expected);
  await fs.fsync(ino);
  const change = async (offset: number, length: number, value: number): Promise<void> => {
    await fs.write(ino, offset, new Uint8Array(length).fill(value));
    expected.fill(value, offset, offset + length);
  };
  const few = await bytesAdded(store, async () => {
    await change(50_000, 10, 2);
    await change(0, 10, 3);
    await change(50_010, 10, 4);
    await change(20_000, 10, 5);
    await change(50_005, 10, 6);
    await fs.fsync(ino);
  });
  t.ok(few < 600, `${few} bytes`);
  t.same(await contentOf((await crashed(opened)).fs, "a"), expected);
  for (let i = 0; i < 20; i++) await change(i * 1000, 10, 10 + i);
  await fs.fsync(ino);
  t.same(await contentOf((await crashed(opened)).fs, "a"), expected, "many make one");
});

t.test("a file without a name is not told, until it gets one", async (t) => {
  const opened = await withLog();
  const { fs } = opened;
  const { ino } = await fs.tmpfile(ROOT_INO, creation(S_IFREG | 0o600));
  fs.retain(ino);
  await fs.write(ino, 0, new Uint8Array(5000).fill(3));
  await fs.fsync(ino);
  await fs.link(ino, ROOT_INO, utf8("named"));
  await fs.fsync(ino);
  t.same(await contentOf((await crashed(opened)).fs, "named"), Buffer.alloc(5000, 3));
});

t.test("what a commit could not store stays durable in the next log", async (t) => {
  const opened = await withLog();
  const { store, vault, fs } = opened;
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, new Uint8Array(5000).fill(4));
  await fs.fsync(ino);
  store.isCrowded = true;
  const { generation } = vault;
  await newFile(fs, "b");
  await vault.commit();
  await vault.commit();
  t.ok(vault.generation > generation);
  t.ok(fs.draftBytes > 0);
  const again = await crashed(opened);
  t.same(await contentOf(again.fs, "a"), Buffer.alloc(5000, 4));
  again.store.isCrowded = true;
  await again.vault.commit();
  const third = await crashed(again);
  t.same(await contentOf(third.fs, "a"), Buffer.alloc(5000, 4), "also from one log to the next");
  await third.vault.commit();
  t.equal(third.fs.draftBytes, 0);
});

t.test("a reader sees what the log says, and forgets it when the vault goes on", async (t) => {
  const opened = await withLog();
  const { fs, vault, store } = opened;
  const { ino } = await newFile(fs, "a");
  await fs.write(ino, 0, new Uint8Array(5000).fill(5));
  await fs.fsync(ino);
  const reading = await openTestVault(
    new MemoryStore({ contents: store.contents, readOnly: true }),
  );
  const reader = await newFileSystem(reading);
  t.same(await contentOf(reader, "a"), Buffer.alloc(5000, 5));
  await fs.write(ino, 0, new Uint8Array(5000).fill(6));
  await vault.commit();
  await reader.follow((isWanted) => reading.advance(isWanted));
  t.same(await contentOf(reader, "a"), Buffer.alloc(5000, 6));
  t.equal(reader.draftBytes, 0);
});

t.test("recovery goes on from what the log says, also without headers", async (t) => {
  const opened = await withLog();
  const { ino } = await newFile(opened.fs, "a");
  await opened.fs.write(ino, 0, new Uint8Array(5000).fill(7));
  await opened.fs.fsync(ino);
  const { headers, pages } = opened.store.contents;
  for (const kept of [[...headers], [undefined, undefined]]) {
    const contents = { headers: kept as typeof headers, pages: new Map(pages) };
    const store = new ScannedStore({ contents, readOnly: true });
    const { vault, doubts } = await recoverVault(
      { store, platform: nodePlatform, credentials: testCredentials() },
      { upper: new MemoryStore(), owner: { uid: 0, gid: 0 } },
    );
    t.same(await contentOf(await newFileSystem(vault), "a"), Buffer.alloc(5000, 7));
    t.equal(doubts.of(ino), undefined);
    await vault.abandon();
  }
});

t.test("records of drafts that cannot be are refused", (t) => {
  const record = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
  const name = [...new Array(7).fill(0), 9, ...new Array(6).fill(0)];
  const refused = [
    record(4, ...name),
    record(3, ...name),
    record(3, ...name, 1, 255, 255, 0, 0, 2, 0, 0, 0, 7, 7),
    record(1, 0),
    record(2, ...name, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7),
    record(2, ...name, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
  ];
  for (const bytes of refused) {
    t.throws(() => [...decodeDraftRecords(bytes)], { code: "RECORD_MALFORMED" });
  }
  t.end();
});

t.test("a part of an unfilled draft is told in 24 bytes and its own", (t) => {
  const place = { ino: 258, block: 3, from: 4096 };
  const record = { kind: "part", ...place, isFirst: true, part: Uint8Array.of(7, 8) } as const;
  const bytes = concatBytes(...encodeDraftRecord(record));
  const hex = "03 0000000000000102 000000000003 01 00001000 00000002 0708";
  t.equal(Buffer.from(bytes).toString("hex"), hex.replaceAll(" ", ""));
  t.same([...decodeDraftRecords(bytes)], [record]);
  t.end();
});
