import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { StoreError } from "../../../src/core/base/errors.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import type { StoredPage } from "../../../src/core/pages/page-store.ts";
import { encodeKey, KeyKind } from "../../../src/core/tree/key.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { createTestVault, openTestVault, testCredentials } from "../../support/test-vault.ts";

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

function reopened(store: MemoryStore, readOnly = false): MemoryStore {
  return new MemoryStore({ contents: store.contents, readOnly });
}

t.test("what was committed is there after the vault is opened again", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  await put(vault, "a", "1");
  await vault.commit();
  const { generation } = vault;
  await put(vault, "a", "2");
  await vault.abandon();
  const again = await openTestVault(reopened(store));
  t.equal(await get(again, "a"), "1");
  t.ok(again.generation >= generation);
  await put(again, "a", "3");
  await again.close();
  t.equal(await get(await openTestVault(reopened(store)), "a"), "3");
});

t.test("an unchanged vault makes no commit, and many callers share one", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const { generation } = vault;
  await vault.commit();
  t.equal(vault.generation, generation);
  await put(vault, "a", "1");
  await Promise.all([vault.commit(), vault.commit(), vault.commit()]);
  t.ok(vault.generation <= generation + 2);
  t.equal(vault.isDirty, false);
});

t.test("a wrong password is refused", async (t) => {
  const store = new MemoryStore();
  await (await createTestVault(store)).close();
  const open = Vault.open(reopened(store), nodePlatform, testCredentials("wrong"));
  await t.rejects(open, { code: "WRONG_KEY" });
});

t.test("a read-only vault reads and refuses changes", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  await put(vault, "a", "1");
  await vault.close();
  const reader = await openTestVault(reopened(store, true));
  t.equal(await get(reader, "a"), "1");
  t.throws(() => reader.transact((tx) => tx.put(nameKey("a"), utf8("2"))), {
    code: "VAULT_READ_ONLY",
  });
  await reader.close();
});

t.test("a reader knows how much is in use as a writer does", async (t) => {
  const store = new MemoryStore({ capacity: 1000 });
  const vault = await createTestVault(store);
  vault.addPages(
    Array.from({ length: 100 }, (_, block) => ({
      pageClass: "data" as const,
      owner: { ino: 2, block },
      payload: new Uint8Array(10),
    })),
  );
  await vault.close();
  const writer = await openTestVault(reopened(store));
  const { totalPages, freePages } = writer.space();
  await writer.abandon();
  const reader = (await openTestVault(reopened(store, true))).space();
  t.equal(reader.totalPages - reader.freePages, totalPages - freePages);
  t.ok(totalPages - freePages > 100);
});

t.test("after a clean close either header slot may be lost, and so may either root", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  for (let i = 0; i < 5; i++) {
    await put(vault, `name ${i}`, "x");
    await vault.commit();
  }
  await vault.close();
  for (const slot of [0, 1] as const) {
    const damaged = new MemoryStore({
      contents: { headers: [...store.contents.headers], pages: new Map(store.contents.pages) },
    });
    damaged.contents.headers[slot] = new Uint8Array(4096);
    const again = await openTestVault(damaged);
    t.equal(await get(again, "name 4"), "x");
    t.equal(again.warnings.length, 1);
    await again.close();
    const healed = await openTestVault(reopened(damaged));
    t.same(healed.warnings, []);
  }
  const pagesOfRoots = [...store.contents.pages].filter(([, bytes]) => bytes[4] === 4);
  for (const [address, bytes] of pagesOfRoots) {
    const pages = new Map(store.contents.pages);
    pages.set(
      address,
      bytes.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
    );
    const contents = {
      headers: [...store.contents.headers] as typeof store.contents.headers,
      pages,
    };
    const again = await openTestVault(new MemoryStore({ contents }));
    t.equal(await get(again, "name 4"), "x");
  }
});

t.test("two spoilt headers are damage, none at all is no vault", async (t) => {
  const store = new MemoryStore();
  await (await createTestVault(store)).close();
  for (const header of store.contents.headers) if (header) header[40] = (header[40] ?? 0) ^ 255;
  await t.rejects(openTestVault(reopened(store)), { code: "VAULT_DAMAGED" });
  await t.rejects(openTestVault(new MemoryStore()), { code: "NOT_A_VAULT" });
});

/** A store whose writes fail while told to. */
class FailingStore extends MemoryStore {
  failWrites = false;
  failPublish = false;

  override write(pages: readonly StoredPage[]): void {
    if (this.failWrites) throw new StoreError("STORE_FULL", "full");
    super.write(pages);
  }

  override publish(header: Uint8Array, slot: 0 | 1): void {
    if (this.failPublish) throw new StoreError("STORE_FAILED", "broken");
    super.publish(header, slot);
  }
}

t.test("a commit that finds the store full loses nothing and succeeds later", async (t) => {
  const store = new FailingStore();
  const vault = await createTestVault(store);
  await put(vault, "a", "1");
  await vault.commit();
  store.failWrites = true;
  await put(vault, "b", "2");
  await t.rejects(vault.commit(), { code: "STORE_FULL" });
  t.equal(await get(vault, "b"), "2");
  const other = await openTestVault(reopened(store, true));
  t.equal(await get(other, "a"), "1");
  t.equal(await get(other, "b"), undefined);
  store.failWrites = false;
  await vault.commit();
  await vault.close();
  t.equal(await get(await openTestVault(reopened(store)), "b"), "2");
});

t.test("after a failed publication the vault takes no more changes", async (t) => {
  const store = new FailingStore();
  const vault = await createTestVault(store);
  await put(vault, "a", "1");
  store.failPublish = true;
  await t.rejects(vault.commit(), { code: "VAULT_FAILED" });
  store.failPublish = false;
  t.throws(() => vault.transact((tx) => tx.put(nameKey("a"), utf8("2"))), { code: "VAULT_FAILED" });
  await t.rejects(vault.close(), { code: "VAULT_FAILED" });
});

t.test("key slots are added, used and removed, the last one excepted", async (t) => {
  const { makePasswordSlot } = await import("../../../src/core/crypto/password-slot.ts");
  const { SecretBytes } = await import("../../../src/core/crypto/secret-bytes.ts");
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const [first] = vault.keys.list();
  const argon2 = { memoryKib: 8, passes: 1, lanes: 1 };
  const second = await makePasswordSlot(
    nodePlatform,
    vault.keys.secret,
    new SecretBytes(utf8("second")),
    { label: "second", argon2 },
  );
  await vault.keys.add(second);
  await vault.keys.remove(first?.id ?? "");
  await t.rejects(async () => vault.keys.remove(second.id), { code: "LAST_SLOT" });
  await vault.close();
  await t.rejects(openTestVault(reopened(store)), { code: "WRONG_KEY" });
  const again = await Vault.open(reopened(store), nodePlatform, testCredentials("second"));
  t.equal(again.keys.openedWith, second.id);
});

t.test("pages that die are used again, but never while a header needs them", async (t) => {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  for (let i = 0; i < 50; i++) {
    await put(vault, "a", `value ${i}`);
    await vault.commit();
    for (const slot of [0, 1] as const) {
      const headers: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined];
      headers[slot] = store.contents.headers[slot];
      const contents = { headers, pages: store.contents.pages };
      const past = await openTestVault(new MemoryStore({ contents, readOnly: true }));
      const value = await get(past, "a");
      t.ok(
        value === `value ${i}` || value === `value ${i - 1}` || (i === 0 && value === undefined),
      );
    }
  }
  t.ok(store.end < 30, `${store.end} pages were enough for 50 commits`);
});
