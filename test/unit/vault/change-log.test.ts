import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { StoreError } from "../../../src/core/base/errors.ts";
import { decodeHeader } from "../../../src/core/format/header.ts";
import { decodePageHeader } from "../../../src/core/format/page-header.ts";
import { type MemoryContents, MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { StoredPage } from "../../../src/core/pages/page-store.ts";
import { encodeKey, KeyKind } from "../../../src/core/tree/key.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

function nameKey(name: string): Uint8Array {
  return encodeKey(1, KeyKind.dentry, utf8(name));
}

async function put(vault: Vault, name: string, value: string): Promise<void> {
  await vault.transact((transaction) => transaction.put(nameKey(name), utf8(value)));
}

async function get(vault: Vault, name: string): Promise<string | undefined> {
  const value = await vault.transact((transaction) => transaction.get(nameKey(name))?.slice());
  return value && new TextDecoder().decode(value);
}

/** What a store holds now; it may be changed. */
function imageOf({ contents }: MemoryStore): MemoryContents {
  return { headers: [...contents.headers], pages: new Map(contents.pages) };
}

function reopen(contents: MemoryContents, readOnly = false): Promise<Vault> {
  return openTestVault(new MemoryStore({ contents, readOnly }));
}

/** Addresses of the log a vault writes to, in its order. */
function logOf(vault: Vault): readonly number[] {
  const { log } = vault.inspect().root;
  return log === undefined ? [] : log.pages.slice(log.first, log.first + log.count);
}

/** A vault with a log that is open and empty. */
async function withLog(): Promise<{ readonly store: MemoryStore; readonly vault: Vault }> {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  await put(vault, "first", "1");
  await vault.sync();
  return { store, vault };
}

t.test("after the first sync a change is durable without a commit", async (t) => {
  const { store, vault } = await withLog();
  const { generation } = vault;
  t.equal(logOf(vault).length, 512);
  await put(vault, "a", "1");
  await put(vault, "gone", "1");
  t.equal(vault.isSafe, false);
  await vault.sync();
  t.equal(vault.isSafe, true);
  await vault.transact((transaction) => transaction.delete(nameKey("gone")));
  await put(vault, "a", "2");
  await vault.sync();
  t.equal(vault.generation, generation);
  t.ok(vault.isDirty, "a commit is still due");
  for (const readOnly of [true, false]) {
    const again = await reopen(imageOf(store), readOnly);
    t.equal(await get(again, "a"), "2");
    t.equal(await get(again, "gone"), undefined);
    t.equal(await get(again, "first"), "1");
    t.same(again.warnings, []);
    await again.close();
  }
});

t.test("headers of commits that have a log say so, and no others", async (t) => {
  const { store, vault } = await withLog();
  const newest = (): boolean | undefined => {
    const headers = store.contents.headers.map((bytes) => decodeHeader(bytes as Uint8Array));
    return headers.find(({ generation }) => generation === vault.generation)?.hasLog;
  };
  t.equal(newest(), true);
  const again = await reopen(imageOf(store));
  t.equal(newest(), true);
  await again.abandon();
  await vault.commit();
  await put(vault, "a", "1");
  await vault.commit();
  t.equal(newest(), false, "nothing was synced since the commit before");
  await vault.sync();
  await vault.close();
  t.same(
    store.contents.headers.map((bytes) => decodeHeader(bytes as Uint8Array).hasLog),
    [false, false],
  );
});

/** A store that can refuse all but pages of the log, and remembers how it was before it published. */
class StubbornStore extends MemoryStore {
  isStubborn = false;
  before: MemoryContents | undefined;

  override write(pages: readonly StoredPage[]): void {
    for (const { bytes } of pages) {
      const header = decodePageHeader(bytes);
      const isOfLog = typeof header !== "string" && header.pageClass === "log";
      if (this.isStubborn && !isOfLog) throw new StoreError("STORE_FAILED", "no");
    }
    super.write(pages);
  }

  override publish(header: Uint8Array, slot: 0 | 1): void {
    this.before = imageOf(this);
    super.publish(header, slot);
  }
}

t.test("commits that fail leave the log alone that the newest header names", async (t) => {
  const store = new StubbornStore();
  const vault = await createTestVault(store);
  const drafts = Uint8Array.of(1, 2, 3);
  vault.onSync({ isLeft: () => true, tell: () => [drafts] });
  await put(vault, "first", "1");
  await vault.sync();
  await put(vault, "a", "1");
  await vault.sync();
  store.isStubborn = true;
  for (let times = 0; times < 3; times++) await t.rejects(vault.commit(), { code: "STORE_FAILED" });
  store.isStubborn = false;
  await vault.commit();
  const again = await reopen(store.before as MemoryContents);
  t.equal(await get(again, "a"), "1");
  t.same(again.takeLogged().slice(-1), [drafts]);
  await again.abandon();
});

t.test("a sync into a log ends in the call where the store takes no waiting", async (t) => {
  const { store, vault } = await withLog();
  await put(vault, "a", "1");
  t.equal(vault.sync(), undefined);
  t.equal(await get(await reopen(imageOf(store)), "a"), "1");
});

t.test("a sync without a change writes nothing", async (t) => {
  const { store, vault } = await withLog();
  await vault.sync();
  t.equal(store.contents.pages.has(logOf(vault)[0] ?? -1), false);
});

t.test("pages that were added need a commit", async (t) => {
  const { store, vault } = await withLog();
  const { generation } = vault;
  const payload = new Uint8Array(100).fill(7);
  const [pointer] = vault.addPages([{ pageClass: "data", owner: { ino: 2, block: 0 }, payload }]);
  await put(vault, "a", "points to it");
  await vault.sync();
  t.ok(vault.generation > generation);
  const again = await reopen(imageOf(store));
  t.same(await again.transact((tx) => pointer && tx.page("data", pointer).slice()), payload);
});

t.test("a full log makes room by a commit", async (t) => {
  const { store, vault } = await withLog();
  const { generation } = vault;
  for (let i = 0; i < 1200; i++) {
    await put(vault, "a", `${i}`);
    await vault.sync();
    if (i % 100 === 0) t.equal(await get(await reopen(imageOf(store), true), "a"), `${i}`);
  }
  t.equal(vault.generation, generation + 2);
});

t.test("changes beyond a megabyte go by a commit", async (t) => {
  const { vault } = await withLog();
  const { generation } = vault;
  for (let i = 0; i < 300; i++) await put(vault, `name ${i}`, "x".repeat(4000));
  await vault.sync();
  t.ok(vault.generation > generation);
});

t.test("a sync beside a commit waits for it, and goes into the log of that", async (t) => {
  const { store, vault } = await withLog();
  await put(vault, "a", "1");
  const commit = vault.commit();
  await put(vault, "a", "2");
  await vault.sync();
  t.equal(await get(await reopen(imageOf(store)), "a"), "2");
  await commit;
  const { generation } = vault;
  await put(vault, "a", "3");
  await vault.sync();
  t.equal(vault.generation, generation);
  t.equal(await get(await reopen(imageOf(store)), "a"), "3");
});

t.test("a commit ends its log, and two of them take turns", async (t) => {
  const { store, vault } = await withLog();
  const first = logOf(vault);
  await put(vault, "a", "1");
  await vault.sync();
  const before = imageOf(store);
  await put(vault, "a", "2");
  await vault.commit();
  t.notSame(logOf(vault), first);
  await put(vault, "a", "3");
  await vault.sync();
  const after = imageOf(store);
  t.same(
    first.map((address) => after.pages.get(address)),
    first.map((address) => before.pages.get(address)),
    "what the older header needs stays",
  );
  await put(vault, "a", "4");
  await vault.commit();
  t.same(logOf(vault), first);
  t.equal(await get(await reopen(imageOf(store)), "a"), "4", "an older log is in its place");
});

t.test("a commit in whose time nothing was synced gives the log up", async (t) => {
  const { vault } = await withLog();
  await put(vault, "a", "1");
  await vault.commit();
  t.same(logOf(vault), []);
});

t.test("entries of another vault are not taken", async (t) => {
  const { store, vault } = await withLog();
  const other = await withLog();
  t.same(logOf(vault), logOf(other.vault));
  await put(other.vault, "a", "not ours");
  await other.vault.sync();
  const image = imageOf(store);
  for (const address of logOf(vault)) {
    const page = other.store.contents.pages.get(address);
    if (page !== undefined) image.pages.set(address, page);
  }
  t.equal(await get(await reopen(image), "a"), undefined);
});

t.test("the log ends before an entry that is torn, moved or changed", async (t) => {
  const { store, vault } = await withLog();
  const [first, second, third] = logOf(vault) as [number, number, number];
  for (const value of ["1", "2", "3"]) {
    await put(vault, "a", value);
    await vault.sync();
  }
  const found = async (change: (pages: Map<number, Uint8Array>) => void): Promise<unknown> => {
    const image = imageOf(store);
    change(image.pages);
    return get(await reopen(image), "a");
  };
  const page = store.contents.pages.get(second) as Uint8Array;
  t.equal(await found(() => {}), "3");
  t.equal(await found((pages) => pages.set(second, page.subarray(0, page.length - 1))), "1");
  t.equal(
    await found((pages) =>
      pages.set(
        second,
        page.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
      ),
    ),
    "1",
  );
  t.equal(await found((pages) => pages.delete(second)), "1");
  t.equal(await found((pages) => pages.set(third, page)), "2");
  t.equal(await found((pages) => pages.delete(first)), undefined);
});

t.test("a log that is damaged in the middle is told apart from one that ends", async (t) => {
  const { store, vault } = await withLog();
  const log = logOf(vault);
  const count = 4;
  for (let n = 0; n < count; n++) {
    await put(vault, "a", `${n}`);
    await vault.sync();
  }
  const warnings = async (damaged: readonly number[]): Promise<readonly string[]> => {
    const image = imageOf(store);
    for (const n of damaged) image.pages.set(log[n] as number, new Uint8Array(100));
    return (await reopen(image, true)).warnings;
  };
  const told = ["the newest changes are lost: the log of them is damaged"];
  t.same(await warnings([]), []);
  t.same(await warnings([0]), told);
  t.same(await warnings([1]), told);
  t.same(await warnings([count - 1]), [], "it may have been torn when the writer ended");
  t.same(await warnings([count - 2, count - 1]), []);
});

t.test("a vault that was closed names no log and gives its pages back", async (t) => {
  const { store, vault } = await withLog();
  await put(vault, "a", "1");
  await vault.sync();
  await vault.close();
  const again = await reopen(imageOf(store));
  t.same(logOf(again), []);
  const { totalPages, freePages } = again.space();
  t.ok(totalPages - freePages < 20, "pages in use");
  t.equal(await get(again, "a"), "1");
});

t.test("a store that is nearly full keeps no log", async (t) => {
  const vault = await createTestVault(new MemoryStore({ capacity: 4000 }));
  for (const value of ["1", "2"]) {
    await put(vault, "a", value);
    const { generation } = vault;
    await vault.sync();
    t.equal(vault.generation, generation + 1);
  }
  t.same(logOf(vault), []);
});

/** A store that writes no page while told so. */
class FailingStore extends MemoryStore {
  isFull = false;

  override write(pages: Parameters<MemoryStore["write"]>[0]): void {
    if (this.isFull) throw new StoreError("STORE_FULL", "full");
    super.write(pages);
  }
}

t.test("what could not be appended is told, and stays for the next try", async (t) => {
  const store = new FailingStore();
  const vault = await createTestVault(store);
  await put(vault, "a", "1");
  await vault.sync();
  await put(vault, "a", "2");
  store.isFull = true;
  await t.rejects(async () => vault.sync(), { code: "STORE_FULL" });
  t.equal(vault.isSafe, false);
  t.equal(await get(await reopen(imageOf(store)), "a"), "1");
  store.isFull = false;
  await vault.sync();
  t.equal(await get(await reopen(imageOf(store)), "a"), "2");
});
