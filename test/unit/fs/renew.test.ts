import t, { type Test } from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { KEY_SIZE, VaultKeys } from "../../../src/core/crypto/key-schedule.ts";
import type { VaultSecret } from "../../../src/core/crypto/key-slot.ts";
import { makePasswordSlot } from "../../../src/core/crypto/password-slot.ts";
import { SecretBytes } from "../../../src/core/crypto/secret-bytes.ts";
import { pageNumber } from "../../../src/core/format/address.ts";
import { decodeHeader } from "../../../src/core/format/header.ts";
import { decodeKeyDirectory } from "../../../src/core/format/key-directory.ts";
import { PageCodec } from "../../../src/core/format/page-codec.ts";
import {
  decodePageHeader,
  PAGE_HEADER_SIZE,
  type PageHeader,
} from "../../../src/core/format/page-header.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { findUsedPages } from "../../../src/core/fs/check/find-used-pages.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { renewPages } from "../../../src/core/fs/move/renew-pages.ts";
import { removeSnapshots } from "../../../src/core/fs/snapshots/remove-snapshots.ts";
import { VaultFileSystem } from "../../../src/core/fs/vault-file-system.ts";
import { type MemoryContents, MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { CrashStore } from "../../support/crash-store.ts";
import { FAST_ARGON2 } from "../../support/fast-kdf.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault, testCredentials } from "../../support/test-vault.ts";
import { makeVariedContents } from "../../support/varied-contents.ts";
import { listContents } from "../../support/vault-contents.ts";

const NEW_PASSWORD = "battery staple";
const { compressor } = nodePlatform;

interface Filled {
  readonly store: MemoryStore;
  readonly vault: Vault;
  readonly fs: VaultFileSystem;
}

async function filled(): Promise<Filled> {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  await makeVariedContents(vault, fs);
  return { store, vault, fs };
}

/** Puts another vault key in place, which only the new password opens. */
async function replaceKey(vault: Vault): Promise<void> {
  const vaultKey = new SecretBytes(new Uint8Array(KEY_SIZE).fill(0x77));
  const secret: VaultSecret = { vaultId: vault.id, vaultKey };
  const password = new SecretBytes(utf8(NEW_PASSWORD));
  const options = { label: "new", argon2: FAST_ARGON2 };
  const slot = await makePasswordSlot(nodePlatform, secret, password, options);
  await vault.keys.replaceVaultKey(vaultKey, [slot]);
}

function reopen({ contents }: MemoryStore, password = NEW_PASSWORD): Promise<Vault> {
  const store = new MemoryStore({ contents });
  return Vault.open(store, nodePlatform, testCredentials(password));
}

/** Epochs of the sealed pages a vault needs. */
async function epochsOf({ contents }: MemoryStore, vault: Vault): Promise<ReadonlySet<number>> {
  const isUsed = await findUsedPages(vault.inspect());
  const epochs = new Set<number>();
  for (const [address, stored] of contents.pages) {
    const header = decodePageHeader(stored.subarray(0, PAGE_HEADER_SIZE));
    if (!isUsed(pageNumber(address)) || typeof header === "string") continue;
    if (header.pageClass !== "key-directory") epochs.add(header.epoch);
  }
  return epochs;
}

async function expectWhole(t: Test, vault: Vault): Promise<void> {
  const report = await checkVault(vault, { readData: true, compressor });
  t.strictSame(report.findings, []);
  t.equal(report.leakedPages, 0);
}

t.test("while pages are under two keys, the new one opens them all", async (t) => {
  const { store, vault, fs } = await filled();
  const before = await listContents(fs);
  await replaceKey(vault);
  t.match(vault.keys.older, [{ lastEpoch: 1, doneAt: 0 }]);
  t.strictSame(await listContents(fs), before);
  await vault.close();
  await t.rejects(openTestVault(new MemoryStore({ contents: store.contents })), {
    code: "WRONG_KEY",
  });
  for (const header of store.contents.headers) {
    t.equal(decodeHeader(header as Uint8Array).hasOlderKeys, true);
  }
  const again = await reopen(store);
  t.strictSame(again.warnings, []);
  t.match(again.keys.older, [{ lastEpoch: 1, doneAt: 0 }]);
  t.strictSame([...(await epochsOf(store, again))].sort(), [1, 2]);
  await expectWhole(t, again);
});

t.test("what is written under the new key is not forged with the old one", async (t) => {
  const { store, vault, fs } = await filled();
  const { vaultKey } = vault.keys.secret;
  const oldKey = new SecretBytes(vaultKey.use((bytes) => bytes.slice()));
  const kept = new VaultKeys(vault.id, oldKey, nodePlatform.aead);
  await replaceKey(vault);
  const { ino } = await newFile(fs, "later");
  const written = new Uint8Array(PAGE_SIZE);
  nodePlatform.random.fill(written);
  await fs.write(ino, 0, written);
  await vault.close();
  const { pages } = store.contents;
  const [later, ...others] = [...pages.values()]
    .map((stored) => decodePageHeader(stored.subarray(0, PAGE_HEADER_SIZE)) as PageHeader)
    .filter(({ pageClass, epoch }) => pageClass === "data" && epoch === 2);
  t.strictSame(others, []);
  const { pageClass, address, generation } = later as PageHeader;
  const forger = new PageCodec(
    { vaultId: vault.id, hasPageParts: true },
    kept,
    nodePlatform.random,
  );
  const owner = { ino, block: 0 };
  const forged = { pageClass, address, generation, owner, payload: new Uint8Array(PAGE_SIZE) };
  pages.set(address, await forger.seal(forged));

  const again = await reopen(store);
  const opened = new VaultFileSystem(again, nodePlatform);
  await t.rejects(readBytes(opened, ino), { code: "PAGE_CORRUPT" });
  const { findings } = await checkVault(again, { readData: true, compressor });
  t.match(findings, { length: 1 });
});

t.test("after renewing, no page in use needs the older key, and it is gone", async (t) => {
  const { store, vault, fs } = await filled();
  const before = await listContents(fs);
  const used = vault.inspect().root.pagesInUse;
  await replaceKey(vault);
  let told = 0;
  const report = await renewPages(vault, {
    onProgress: ({ movedPages, totalPages }) => {
      t.ok(movedPages >= told && movedPages <= totalPages);
      told = movedPages;
    },
  });
  t.match(report, { isDone: true, lostPages: 0, heldBy: [] });
  t.ok(report.movedPages > 30, `${report.movedPages} pages were moved`);
  t.strictSame(vault.keys.older, []);
  t.strictSame([...(await epochsOf(store, vault))], [2]);
  t.strictSame(await listContents(fs), before);
  await vault.close();

  for (const stored of store.contents.headers) {
    const header = decodeHeader(stored as Uint8Array);
    t.equal(header.hasOlderKeys, false);
    for (const { address } of [header.keyDirectory, header.spareDirectory ?? header.commitRoot]) {
      const page = store.contents.pages.get(address) as Uint8Array;
      const payload = page.subarray(PAGE_HEADER_SIZE, page.length - 24);
      t.match(decodeKeyDirectory(payload), { slots: [{ label: "new" }], older: [] });
    }
  }
  const again = await reopen(store);
  await expectWhole(t, again);
  t.ok(again.inspect().root.pagesInUse <= used + 4, "what was shared is shared");
  t.strictSame(await listContents(new VaultFileSystem(again, nodePlatform)), before);
});

t.test("calls go on while pages are renewed", async (t) => {
  const { store, vault, fs } = await filled();
  await replaceKey(vault);
  const { ino } = await entryOf(fs, ROOT_INO, utf8("long"));
  const target = (await entryOf(fs, ROOT_INO, utf8("part"))).ino;
  let turn = 0;
  const breathe = async (): Promise<void> => {
    turn += 1;
    const offset = (turn % 19) * PAGE_SIZE;
    if (turn % 3 === 0) await fs.write(ino, offset, new Uint8Array(70_000).fill(turn));
    if (turn % 7 === 0) await fs.copyFileRange({ ino, offset }, { ino: target, offset }, PAGE_SIZE);
    if (turn % 11 === 0) await vault.commit();
  };
  t.match(await renewPages(vault, { breathe }), { isDone: true });
  const after = await listContents(fs);
  t.strictSame([...(await epochsOf(store, vault))], [2]);
  await vault.close();
  const again = await reopen(store);
  await expectWhole(t, again);
  t.strictSame(await listContents(new VaultFileSystem(again, nodePlatform)), after);
});

t.test("renewing that was stopped goes on later", async (t) => {
  const { store, vault, fs } = await filled();
  const before = await listContents(fs);
  await replaceKey(vault);
  const stop = new AbortController();
  let breaths = 0;
  const breathe = async (): Promise<void> => {
    breaths += 1;
    if (breaths === 8) stop.abort(new Error("stopped"));
  };
  await t.rejects(renewPages(vault, { breathe, signal: stop.signal }), { message: "stopped" });
  await vault.close();
  const again = await reopen(store);
  t.match(again.keys.older, [{ doneAt: 0 }]);
  t.match(await renewPages(again, {}), { isDone: true });
  t.strictSame([...(await epochsOf(store, again))], [2]);
  t.strictSame(await listContents(new VaultFileSystem(again, nodePlatform)), before);
  await expectWhole(t, again);
});

t.test("snapshots keep the older key until they are deleted", async (t) => {
  const { store, vault, fs } = await filled();
  const name = utf8("before");
  await vault.snapshots.create(name);
  const before = await listContents(fs);
  await replaceKey(vault);
  const report = await renewPages(vault, {});
  t.match(report, { isDone: true, heldBy: [{ name }] });
  t.equal(vault.keys.older.length, 1);
  await vault.snapshots.create(utf8("after"));
  await vault.close();

  const again = await reopen(store);
  t.match(await renewPages(again, {}), { isDone: true, movedPages: 0, heldBy: [{ name }] });
  const view = again.snapshots.view(again.snapshots.find(name));
  t.strictSame(await listContents(new VaultFileSystem(view, nodePlatform)), before);
  await expectWhole(t, again);
  await removeSnapshots(again.snapshots, new Set([again.snapshots.find(name).id]));
  t.strictSame(again.keys.older, [], "and then it is gone");
  t.strictSame([...(await epochsOf(store, again))], [2]);
  await expectWhole(t, again);
});

t.test(
  "what comes back from a snapshot keeps the older key until it is renewed as well",
  async (t) => {
    const { store, vault, fs } = await filled();
    const snapshot = await vault.snapshots.create(utf8("before"));
    const before = await listContents(fs);
    await replaceKey(vault);
    await renewPages(vault, {});
    for (const name of ["long", "part"]) await fs.unlink(ROOT_INO, utf8(name));
    await vault.snapshots.whileKept(async () => {
      await vault.keys.expectOlder(snapshot.generation);
      const paths = [[utf8("long")], [utf8("part")]];
      const request = { paths, force: false, delete: false, dryRun: false };
      await fs.restore(vault.snapshots.view(snapshot), request);
    });
    t.match(vault.keys.older, [{ doneAt: 0 }]);
    await removeSnapshots(vault.snapshots, new Set([snapshot.id]));
    t.equal(vault.keys.older.length, 1, "the vault itself needs it");
    await vault.close();

    const again = await reopen(store);
    const { paths } = { paths: await listContents(new VaultFileSystem(again, nodePlatform)) };
    t.strictSame(Object.keys(paths).sort(), Object.keys(before).sort());
    t.match(await renewPages(again, {}), { isDone: true, heldBy: [] });
    t.strictSame(again.keys.older, []);
    t.strictSame([...(await epochsOf(store, again))], [2]);
    await expectWhole(t, again);
  },
);

t.test("nothing comes back from a snapshot between the last look and the note of it", async (t) => {
  const { vault } = await filled();
  const snapshot = await vault.snapshots.create(utf8("before"));
  await replaceKey(vault);
  const order: string[] = [];
  const { whileHeld } = vault.snapshots;
  let looks = 0;
  vault.snapshots.whileHeld = (work) => {
    const looking = whileHeld.call(vault.snapshots, work) as ReturnType<typeof work>;
    looks += 1;
    if (looks === 2) {
      void vault.snapshots.whileKept(async () => {
        order.push(`restored with ${vault.keys.older[0]?.doneAt === 0 ? "none" : "a"} note`);
        await vault.keys.expectOlder(snapshot.generation);
      });
    }
    return looking;
  };
  await renewPages(vault, {});
  await vault.snapshots.whileKept(async () => undefined);
  t.strictSame(order, ["restored with a note"]);
  t.match(vault.keys.older, [{ doneAt: 0 }]);
});

/** Opens what a crash left, with the new password or, before the new key was there, the old one. */
async function openEither(contents: MemoryContents): Promise<Vault> {
  try {
    return await reopen(new MemoryStore({ contents }));
  } catch {
    return openTestVault(new MemoryStore({ contents }));
  }
}

t.test(
  "what was synced is there after a crash at any time, whichever key its log needs",
  async (t) => {
    const random = seededRandom(7);
    const store = new CrashStore(random);
    const vault = await createTestVault(store);
    const fs = await newFileSystem(vault);
    const { ino } = await newFile(fs, "count");
    let written = 0;
    let synced = 0;
    const left: {
      readonly contents: MemoryContents;
      readonly from: number;
      readonly to: number;
    }[] = [];
    const count = async (): Promise<void> => {
      written += 1;
      await fs.write(ino, 0, Uint8Array.of(written));
      const value = written;
      await vault.sync();
      synced = Math.max(synced, value);
    };
    await vault.commit();
    await count();
    await count();
    store.onStep = () => left.push({ contents: store.crash(), from: synced, to: written });
    const replacing = replaceKey(vault);
    for (let n = 0; n < 8; n++) await count();
    await replacing;
    await count();
    const breathe = async (): Promise<void> => {
      if (written < 40) await count();
    };
    t.match(await renewPages(vault, { breathe }), { isDone: true });
    await count();
    t.ok(left.length > 30, `${left.length} crashes`);
    for (const { contents, from, to } of left) {
      const again = await openEither(contents);
      const fs = new VaultFileSystem(again, nodePlatform);
      const { ino } = await entryOf(fs, ROOT_INO, utf8("count"));
      const [found = 0] = await readBytes(fs, ino);
      if (found < from || found > to) t.fail(`${found} is there of ${from} to ${to}`);
      t.match(await renewPages(again, {}), { isDone: true });
      await expectWhole(t, again);
      await again.close();
    }
  },
);

t.test("the key may be changed again while a snapshot holds an older one", async (t) => {
  const { store, vault, fs } = await filled();
  await vault.snapshots.create(utf8("first"));
  const before = await listContents(fs);
  await replaceKey(vault);
  await renewPages(vault, {});
  await vault.snapshots.create(utf8("second"));
  await replaceKey(vault);
  t.match(await renewPages(vault, {}), { isDone: true });
  t.equal(vault.keys.older.length, 2);
  await vault.close();
  const again = await reopen(store);
  await expectWhole(t, again);
  for (const snapshot of again.snapshots.list()) {
    const view = again.snapshots.view(snapshot);
    t.strictSame(await listContents(new VaultFileSystem(view, nodePlatform)), before);
  }
  const [first, second] = again.snapshots.list().map(({ id }) => id);
  await removeSnapshots(again.snapshots, new Set([first as number]));
  t.equal(again.keys.older.length, 1);
  await removeSnapshots(again.snapshots, new Set([second as number]));
  t.equal(again.keys.older.length, 0);
  await expectWhole(t, again);
});

t.test(
  "a page that does not open keeps the older key, and everything else is renewed",
  async (t) => {
    const { store, vault } = await filled();
    await replaceKey(vault);
    await vault.close();
    const hurt = [...store.contents.pages].find(([, stored]) => {
      const header = decodePageHeader(stored.subarray(0, PAGE_HEADER_SIZE));
      return typeof header !== "string" && header.pageClass === "data";
    });
    const stored = hurt?.[1] as Uint8Array;
    stored[100] = (stored[100] as number) ^ 1;
    const again = await reopen(store);
    const report = await renewPages(again, {});
    t.match(report, { isDone: false, lostPages: 1 });
    t.equal(again.keys.older.length, 1);
    const damaged = await checkVault(again, { readData: true, compressor });
    t.ok(damaged.findings.length > 0);
    const fs = new VaultFileSystem(again, nodePlatform);
    for (const name of ["long", "copy", "part", "sparse"]) await fs.unlink(ROOT_INO, utf8(name));
    await again.commit();
    t.match(await renewPages(again, {}), { isDone: true, lostPages: 0 });
    t.strictSame(again.keys.older, []);
    await expectWhole(t, again);
  },
);
