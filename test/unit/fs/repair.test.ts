import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { addressOf } from "../../../src/core/format/address.ts";
import { checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { findUsedPages } from "../../../src/core/fs/check/find-used-pages.ts";
import { type RepairReport, repairVault } from "../../../src/core/fs/check/repair-vault.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { InodeRecord } from "../../../src/core/fs/inode-record.ts";
import { type MemoryContents, MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { encodeKey, extentKey, KeyKind } from "../../../src/core/tree/key.ts";
import type { Transaction } from "../../../src/core/vault/transaction.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { makeSampleFiles } from "../../support/sample-files.ts";
import { creation, namesIn, newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";
import { listContents } from "../../support/vault-contents.ts";

const { compressor } = nodePlatform;
const options = { readData: true, compressor, owner: { uid: 1000, gid: 100 } };

/** A vault in memory with files of every kind and a tree of several leaves. */
async function makeVault(): Promise<MemoryContents> {
  const store = new MemoryStore();
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  await makeSampleFiles(fs);
  const { ino } = await fs.mkdir(ROOT_INO, utf8("many"), creation(0o040755));
  for (let n = 0; n < 500; n++) {
    const file = await fs.mknod(ino, utf8(`file ${n}`), creation(0o100644), 0);
    await fs.write(file.ino, 0, utf8(`content of file ${n} `.repeat(10)));
  }
  await vault.close();
  return store.contents;
}

function copyOf({ headers, pages }: MemoryContents): MemoryContents {
  return { headers: [...headers], pages: new Map(pages) };
}

async function repair(contents: MemoryContents): Promise<RepairReport & { vault: Vault }> {
  const vault = await openTestVault(new MemoryStore({ contents }), { findPages: findUsedPages });
  return { ...(await repairVault(vault, options)), vault };
}

const whole = await makeVault();

/** Addresses of all nodes of the TOC but its root. */
async function innerNodes(): Promise<readonly number[]> {
  const vault = await openTestVault(new MemoryStore({ contents: copyOf(whole) }));
  const nodes: number[] = [];
  for await (const step of vault.inspect().toc()) nodes.push(step.pointer.address);
  await vault.abandon();
  return nodes.slice(1);
}

t.test("there is nothing to mend in a whole vault", async (t) => {
  const { mended, after, vault } = await repair(copyOf(whole));
  t.strictSame(mended, []);
  t.strictSame(after.findings, []);
  await vault.abandon();
});

t.test("whatever node is lost, the rest is whole again and unchanged", async (t) => {
  const before = new MemoryStore({ contents: copyOf(whole), readOnly: true });
  const intact = await listContents(await newFileSystem(await openTestVault(before)));
  const hashes = new Set(Object.values(intact).map(({ content }) => content));
  const nodes = await innerNodes();
  t.ok(nodes.length >= 4, "the tree has several leaves");
  for (const address of nodes) {
    const contents = copyOf(whole);
    contents.pages.delete(address);
    const { mended, after, vault } = await repair(contents);
    t.ok(mended.length > 0, `node ${address}`);
    t.strictSame(after.findings, [], `nothing is left after node ${address}`);
    const fs = await newFileSystem(vault);
    const strange = Object.entries(await listContents(fs)).filter(([path, { mode, content }]) => {
      if (path.startsWith("/lost+found")) return mode.startsWith("100") && !hashes.has(content);
      return mode.startsWith("100") ? intact[path]?.content !== content : !intact[path];
    });
    t.strictSame(strange, []);
    await vault.close();
    const again = await openTestVault(new MemoryStore({ contents }));
    t.strictSame((await checkVault(again, options)).findings, [], "also when opened anew");
    await again.abandon();
  }
});

t.test("records that contradict each other are brought together", async (t) => {
  const changes: Record<string, (transaction: Transaction, ino: number) => void> = {
    "attributes are gone": (tx, ino) => tx.delete(encodeKey(ino, KeyKind.attributes)),
    "a directory's attributes are gone": (tx) => {
      const key = encodeKey(ROOT_INO, KeyKind.dentry, utf8("directory"));
      const ino = (tx.get(key) as Uint8Array)[7] as number;
      tx.delete(encodeKey(ino, KeyKind.attributes));
    },
    "a name leads nowhere": (tx) =>
      tx.put(
        encodeKey(ROOT_INO, KeyKind.dentry, utf8("ghost")),
        Uint8Array.of(0, 0, 0, 0, 0, 0x7f, 0, 0, 8),
      ),
    "names are gone": (tx) => {
      tx.delete(encodeKey(ROOT_INO, KeyKind.dentry, utf8("directory")));
      tx.delete(encodeKey(ROOT_INO, KeyKind.dentry, utf8("moved")));
    },
    "links are counted wrong": (tx, ino) => edit(tx, ino, (record) => (record.nlink = 9)),
    "blocks are counted wrong": (tx, ino) => edit(tx, ino, (record) => (record.mappedBlocks = 9)),
    "a parent is wrong": (tx) => {
      const key = encodeKey(ROOT_INO, KeyKind.dentry, utf8("directory"));
      edit(tx, (tx.get(key) as Uint8Array)[7] as number, (record) => (record.parent = 77));
    },
    "content reaches beyond the size": (tx, ino) => tx.put(extentKey(ino, 9), Uint8Array.of(1, 65)),
    "a record is malformed": (tx, ino) => tx.put(extentKey(ino, 3), Uint8Array.of(99)),
    "an orphan is named": (tx, ino) => {
      const subkey = new Uint8Array(8);
      new DataView(subkey.buffer).setBigUint64(0, BigInt(ino));
      tx.put(encodeKey(0, KeyKind.orphan, subkey), new Uint8Array(0));
    },
    "inodes are counted wrong": (tx) => tx.countInodes(5),
  };
  for (const [name, change] of Object.entries(changes)) {
    const contents = copyOf(whole);
    const vault = await openTestVault(new MemoryStore({ contents }));
    const { ino } = await entryOf(await newFileSystem(vault), ROOT_INO, utf8("inline.txt"));
    await vault.transact((transaction) => change(transaction, ino));
    await vault.close();
    const { mended, after, vault: repaired } = await repair(contents);
    t.ok(mended.length > 0, name);
    t.strictSame(after.findings, [], name);
    await repaired.abandon();
  }
});

t.test("what has lost its name is found in lost+found, with its content", async (t) => {
  const contents = copyOf(whole);
  const vault = await openTestVault(new MemoryStore({ contents }));
  const fs = await newFileSystem(vault);
  const { ino } = await entryOf(fs, ROOT_INO, utf8("moved"));
  const before = Buffer.concat(await fs.read(ino, 0, 100_000));
  await vault.transact((tx) => tx.delete(encodeKey(ROOT_INO, KeyKind.dentry, utf8("moved"))));
  await vault.close();
  const { vault: repaired } = await repair(contents);
  const mended = await newFileSystem(repaired);
  const lost = await entryOf(mended, ROOT_INO, utf8("lost+found"));
  t.equal(lost.mode & 0o7777, 0o700);
  t.strictSame(await namesIn(mended, lost.ino), [`#${ino}`]);
  t.same(Buffer.concat(await mended.read(ino, 0, 100_000)), before);
  await repaired.abandon();
});

t.test("pages in use that count as free are not overwritten by the repair", async (t) => {
  const contents = copyOf(whole);
  const vault = await openTestVault(new MemoryStore({ contents, readOnly: true }));
  const before = await listContents(await newFileSystem(vault));
  const [part] = vault.inspect().root.spaceMap;
  await vault.abandon();
  if (part === undefined) throw new Error("the vault has no space map");
  contents.pages.delete(part.address);
  const damaged = await openTestVault(new MemoryStore({ contents, readOnly: true }));
  t.match(await checkVault(damaged, options), { findings: [{ code: "space-wrong" }] });
  await damaged.abandon();
  const { after, vault: repaired } = await repair(contents);
  t.strictSame(after.findings, []);
  t.equal(after.leakedPages, 0);
  const fs = await newFileSystem(repaired);
  for (let n = 0; n < 50; n++) {
    await fs.write((await newFile(fs, `new ${n}`)).ino, 0, new Uint8Array(70_000).fill(n));
  }
  await repaired.commit();
  const now = await listContents(fs);
  const changed = Object.keys(before).filter(
    (path) => now[path]?.content !== before[path]?.content,
  );
  t.strictSame(changed, []);
  await repaired.abandon();
});

t.test("a file whose pages are damaged can be deleted, and then the vault is whole", async (t) => {
  const contents = copyOf(whole);
  const vault = await openTestVault(new MemoryStore({ contents, readOnly: true }));
  const { findings: none } = await checkVault(vault, options);
  t.strictSame(none, []);
  const data: number[] = [];
  for await (const part of vault.inspect().spaceMap()) {
    if (part instanceof PageError) throw part;
    for (let bit = 0; bit < part.count; bit++) {
      const address = addressOf(part.first + bit);
      const isData =
        contents.pages.get(address)?.[4] === 1 || contents.pages.get(address)?.[4] === 2;
      if (part.isUsed(bit) && isData) data.push(address);
    }
  }
  await vault.abandon();
  for (const address of data) contents.pages.delete(address);
  const hurt = await openTestVault(new MemoryStore({ contents }));
  const { findings } = await checkVault(hurt, options);
  t.ok(findings.length >= data.length);
  const fs = await newFileSystem(hurt);
  const { ino } = await entryOf(fs, ROOT_INO, utf8("directory"));
  for (const name of await namesIn(fs, ino)) {
    if (!name.includes("\ufffd")) await fs.unlink(ino, utf8(name));
  }
  await fs.unlink(ROOT_INO, utf8("moved"));
  await fs.unlink(ROOT_INO, utf8("second name"));
  await fs.unlink(ROOT_INO, utf8("inline.txt"));
  await hurt.commit();
  t.strictSame((await checkVault(hurt, options)).findings, []);
  await hurt.abandon();
});

function edit(tx: Transaction, ino: number, change: (record: InodeRecord) => void): void {
  const key = encodeKey(ino, KeyKind.attributes);
  const record = new InodeRecord(ino, new Uint8Array(tx.get(key) as Uint8Array));
  change(record);
  tx.put(key, record.bytes);
}
