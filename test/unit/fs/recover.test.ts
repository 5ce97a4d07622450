import fc from "fast-check";
import t from "tap";
import { getU64, toText, utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { addressOf, type PagePointer, pageNumber } from "../../../src/core/format/address.ts";
import { decodePageHeader, type PageClass } from "../../../src/core/format/page-header.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { pagesOfRecord } from "../../../src/core/fs/check/record-pages.ts";
import { repairVault } from "../../../src/core/fs/check/repair-vault.ts";
import { decodeDentry } from "../../../src/core/fs/dentry.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { type FileSystem, ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { copyTree } from "../../../src/core/fs/recover/copy-tree.ts";
import { type RecoveredVault, recoverVault } from "../../../src/core/fs/recover/recover-vault.ts";
import type { RecoveredEntry } from "../../../src/core/fs/recover/recovered-entry.ts";
import { type MemoryContents, MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { KeyKind } from "../../../src/core/tree/key.ts";
import { type NodeStep, recordsIn } from "../../../src/core/tree/walk-tree.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { makeSampleFiles } from "../../support/sample-files.ts";
import { copyContents, destroyPage, ScannedStore } from "../../support/scanned-store.ts";
import { creation, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault, testCredentials } from "../../support/test-vault.ts";
import { type ListedEntry, listContents } from "../../support/vault-contents.ts";

const FILES = 400;
const owner = { uid: 1000, gid: 100 };

/** A vault with files of every kind, of several commits, whose TOC has several leaves. */
async function makeVault(): Promise<MemoryContents> {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  await makeSampleFiles(fs);
  await vault.commit();
  const { ino } = await fs.mkdir(ROOT_INO, utf8("many"), creation(0o040755));
  for (let n = 0; n < FILES; n++) {
    const file = await fs.mknod(ino, utf8(`file ${n}`), creation(0o100644), 0);
    await fs.write(file.ino, 0, utf8(`content of file ${n} `.repeat(n % 4 === 0 ? 100 : 10)));
    if (n % 150 === 0) await vault.commit();
  }
  await fs.unlink(ino, utf8("file 7"));
  const changed = await entryOf(fs, ino, utf8("file 8"));
  await fs.write(changed.ino, 0, utf8("changed since"));
  await vault.close();
  return store.contents;
}

const contents = await makeVault();

interface Outcome extends RecoveredVault {
  readonly entries: readonly RecoveredEntry[];
  readonly listed: Readonly<Record<string, ListedEntry>>;
}

/** Recovers into a new vault, and lists that once it was closed and opened again. */
async function recover(damaged: MemoryContents): Promise<Outcome> {
  const store = new ScannedStore({ contents: damaged, readOnly: true });
  const source = { store, platform: nodePlatform, credentials: testCredentials() };
  const recovered = await recoverVault(source, { upper: new MemoryStore(), owner });
  const entries: RecoveredEntry[] = [];
  const target = new MemoryStore();
  const vault = await createTestVault(target);
  const { doubts } = recovered;
  await copyTree({
    from: await newFileSystem(recovered.vault),
    to: await newFileSystem(vault),
    doubts,
    onEntry: (entry) => entries.push(entry),
    onDirectory: () => undefined,
  });
  await vault.close();
  await recovered.vault.abandon();
  const again = await openTestVault(target);
  const listed = await listContents(await newFileSystem(again));
  await again.abandon();
  return { ...recovered, entries, listed };
}

async function listOriginal(): Promise<Readonly<Record<string, ListedEntry>>> {
  const vault = await openTestVault(new MemoryStore({ contents: copyContents(contents) }));
  const listed = await listContents(await newFileSystem(vault));
  await vault.abandon();
  return listed;
}

const original = await listOriginal();

/** What of an entry a copy has to have; room may be taken otherwise. */
function essence({ blocks: _, nlink: __, ...rest }: ListedEntry): object {
  return rest;
}

/** Names of original entries that are not there as they were. */
function changedIn(listed: Readonly<Record<string, ListedEntry>>): string[] {
  return Object.entries(original)
    .filter(([path, entry]) => {
      const found = listed[path];
      return (
        found === undefined || JSON.stringify(essence(found)) !== JSON.stringify(essence(entry))
      );
    })
    .map(([path]) => path);
}

/** Addresses of the pages of a class that the newest commit needs. */
async function pagesOf(...classes: readonly PageClass[]): Promise<readonly number[]> {
  const vault = await openTestVault(new MemoryStore({ contents: copyContents(contents) }));
  const addresses: number[] = [];
  for await (const part of vault.inspect().spaceMap()) {
    if (part instanceof PageError) throw part;
    for (let bit = 0; bit < part.count; bit++) {
      if (part.isUsed(bit)) addresses.push(addressOf(part.first + bit));
    }
  }
  await vault.abandon();
  return addresses.filter((address) => {
    const header = decodePageHeader(contents.pages.get(address) ?? new Uint8Array());
    return typeof header !== "string" && classes.includes(header.pageClass);
  });
}

function problems({ entries, lostNames }: Outcome): string[] {
  const hurt = entries.filter(({ state }) => state !== "whole");
  const names = lostNames.map(({ path }) => toText(path ?? utf8("?")));
  return [...hurt.map(({ path, state }) => `${state} ${toText(path)}`), ...names];
}

t.test("a whole vault is recovered whole, attributes and all", async (t) => {
  const outcome = await recover(copyContents(contents));
  t.strictSame(problems(outcome), []);
  t.strictSame(changedIn(outcome.listed), []);
  t.strictSame(Object.keys(outcome.listed).sort(), Object.keys(original).sort());
  t.equal(outcome.origin, "header");
});

t.test("without headers the newest commit root is found", async (t) => {
  const damaged = copyContents(contents);
  damaged.headers.fill(new Uint8Array(4096));
  const outcome = await recover(damaged);
  t.strictSame(changedIn(outcome.listed), []);
  t.strictSame(problems(outcome), []);
  t.equal(outcome.origin, "root");
});

t.test("without headers and commit roots nothing but certainty is lost", async (t) => {
  const damaged = copyContents(contents);
  damaged.headers.fill(undefined);
  for (const [address, bytes] of contents.pages) {
    const header = decodePageHeader(bytes);
    if (typeof header !== "string" && header.pageClass === "root") damaged.pages.delete(address);
  }
  const outcome = await recover(damaged);
  t.equal(outcome.origin, "nothing");
  const changed = changedIn(outcome.listed).filter((path) => {
    return (
      outcome.listed[`${path}.old`] === undefined && outcome.listed[`${path}.partial`] === undefined
    );
  });
  t.strictSame(changed, []);
});

for (const damage of ["gone", "garbled"] as const) {
  t.test(`when the root of the TOC is ${damage}, nothing is lost`, async (t) => {
    const vault = await openTestVault(new MemoryStore({ contents: copyContents(contents) }));
    const { pointer, height } = vault.inspect().root.toc;
    await vault.abandon();
    t.ok(height > 1);
    const damaged = copyContents(contents);
    destroyPage(damaged, pointer?.address ?? 0, damage);
    const outcome = await recover(damaged);
    t.strictSame(problems(outcome), []);
    t.strictSame(changedIn(outcome.listed), []);
  });
}

/** Inodes that a record is about, or that it names. */
function inosOf(key: Uint8Array, value: Uint8Array): readonly number[] {
  const ino = getU64(key, 0);
  return key[8] === KeyKind.dentry ? [ino, decodeDentry(value).ino] : [ino];
}

function pointsTo(key: Uint8Array, value: Uint8Array, address: number): boolean {
  const pages = pagesOfRecord(key, value);
  const at = pageNumber(address) - (pages?.start ?? 0);
  return pages !== undefined && at >= 0 && at < pages.count;
}

/** Inodes with records in a leaf that are lost with a page, or that point to it. */
function hurtIn(leaf: NodeStep, address: number): readonly number[] {
  const records = [...recordsIn(leaf)];
  if (leaf.pointer.address === address) {
    return records.flatMap(({ key, value }) => inosOf(key, value));
  }
  const pointing = records.filter(({ key, value }) => pointsTo(key, value, address));
  return pointing.map(({ key }) => getU64(key, 0));
}

/** Paths of files whose names, attributes or content stand in a page of the TOC, or whose content stands in a page. */
async function dependents(address: number): Promise<ReadonlySet<string>> {
  const vault = await openTestVault(new MemoryStore({ contents: copyContents(contents) }));
  const inos = new Set<number>();
  for await (const step of vault.inspect().toc()) {
    if (step.damage === undefined && step.level === 0) {
      for (const ino of hurtIn(step, address)) inos.add(ino);
    }
  }
  const fs = await newFileSystem(vault);
  const paths = new Set<string>();
  for (const path of Object.keys(original)) {
    // A name that is no UTF-8 cannot be looked up by the text that stands for it; it is left out.
    if (path.includes("\ufffd") || inos.has(await inoOf(fs, path))) paths.add(path);
  }
  await vault.abandon();
  return paths;
}

async function inoOf(fs: FileSystem, path: string): Promise<number> {
  let ino = ROOT_INO;
  for (const name of path.split("/").filter((part) => part !== "")) {
    ino = (await entryOf(fs, ino, Buffer.from(name))).ino;
  }
  return ino;
}

for (const damage of ["gone", "garbled"] as const) {
  t.test(`when any page of content is ${damage}, other files are whole`, async (t) => {
    for (const address of await pagesOf("data", "pack")) {
      const damaged = copyContents(contents);
      destroyPage(damaged, address, damage);
      const outcome = await recover(damaged);
      const hurt = await dependents(address);
      const changed = changedIn(outcome.listed);
      t.ok(hurt.size > 0);
      t.strictSame(
        changed.filter((path) => !hurt.has(path)),
        [],
        `page ${address}`,
      );
      for (const path of changed) t.ok(isTold(outcome, path), `${path} is told`);
    }
  });

  t.test(
    `when any page of the tree is ${damage}, files without records in it are whole`,
    async (t) => {
      for (const address of await pagesOf("tree", "root", "space")) {
        const damaged = copyContents(contents);
        destroyPage(damaged, address, damage);
        const outcome = await recover(damaged);
        const hurt = await dependents(address);
        const changed = changedIn(outcome.listed);
        t.strictSame(
          changed.filter((path) => !hurt.has(path)),
          [],
          `page ${address}`,
        );
        for (const path of changed) t.ok(isTold(outcome, path), `${path} is told`);
      }
    },
  );
}

/** Whether an entry is not passed off as whole: it is told, or it is whole without its name; of directories the names are. */
function isTold({ entries, listed, lostNames }: Outcome, path: string): boolean {
  const entry = original[path];
  if (entry?.mode.startsWith("4")) return true;
  const isHurt = entries.some((found) => toText(found.path) === path && found.state !== "whole");
  const isFound = Object.entries(listed).some(([at, found]) => {
    return at.startsWith("/lost+found/") && found.content === entry?.content;
  });
  return isHurt || isFound || lostNames.some((name) => toText(name.path ?? utf8("")) === path);
}

t.test("either copy of the key directory opens the vault, and both are made anew", async (t) => {
  const addresses = await pagesOf("key-directory");
  t.equal(addresses.length, 2);
  for (const address of addresses) {
    const damaged = copyContents(contents);
    destroyPage(damaged, address, "garbled");
    const found = await recover(copyContents(damaged));
    t.strictSame(problems(found), []);
    const vault = await openTestVault(new MemoryStore({ contents: damaged }));
    const checking = { readData: false, compressor: nodePlatform.compressor, owner };
    t.strictSame((await repairVault(vault, checking)).after.findings, []);
    await vault.close();
    const again = await openTestVault(new MemoryStore({ contents: damaged }));
    t.strictSame(again.warnings, []);
    const { findings, leakedPages } = await checkVault(again, checking);
    t.strictSame(findings, []);
    t.equal(leakedPages, 0);
    await again.abandon();
  }
});

/** Root of the newest TOC. */
async function tocRoot(): Promise<PagePointer> {
  const vault = await openTestVault(new MemoryStore({ contents: copyContents(contents) }));
  const { pointer } = vault.inspect().root.toc;
  await vault.abandon();
  if (pointer === undefined) throw new Error("the sample's TOC is empty");
  return pointer;
}

t.test("all leaves of the TOC may be lost", async (t) => {
  const damaged = copyContents(contents);
  const root = await tocRoot();
  for (const address of await pagesOf("tree")) {
    if (address !== root.address) destroyPage(damaged, address, "gone");
  }
  const { entries, lostNodes } = await recover(damaged);
  t.ok(lostNodes > 1);
  t.strictSame(
    entries.filter(({ state }) => state === "whole"),
    [],
  );
});

/** Whether an original file holds something else now. */
function isOther(listed: Readonly<Record<string, ListedEntry>>): (path: string) => boolean {
  return (path) => {
    const [before, after] = [original[path], listed[path]];
    if (before === undefined) return false;
    return before.content !== after?.content || before.size !== after.size;
  };
}

t.test("whatever pages are lost, nothing changed is passed off as whole", async (t) => {
  const keys = new Set(await pagesOf("key-directory"));
  const { generation: newest } = await tocRoot();
  const addresses = [...contents.pages.keys()].filter((address) => !keys.has(address));
  const damages = fc.record({
    lost: fc.subarray(addresses, { minLength: 2, maxLength: addresses.length - 1 }),
    damage: fc.constantFrom("gone" as const, "garbled" as const),
    hasHeaders: fc.boolean(),
  });
  await t.resolves(
    fc.assert(
      fc.asyncProperty(damages, async ({ lost, damage, hasHeaders }) => {
        const damaged = copyContents(contents);
        for (const address of lost) destroyPage(damaged, address, damage);
        if (!hasHeaders) damaged.headers.fill(undefined);
        const { entries, listed, root } = await recover(damaged);
        // Of an earlier commit everything may be whole, and differ.
        if (root !== undefined && root.generation < newest) return;
        const whole = entries.filter(({ state }) => state === "whole");
        const differing = whole.map(({ path }) => toText(path)).filter(isOther(listed));
        if (differing.length > 0) throw new Error(`not whole: ${differing.join(", ")}`);
      }),
      { numRuns: Number(process.env.FC_RUNS ?? 25) },
    ),
  );
});
