import t, { type Test } from "tap";
import { toText, utf8 } from "../../../src/core/base/bytes.ts";
import { PageError } from "../../../src/core/base/errors.ts";
import { addressOf } from "../../../src/core/format/address.ts";
import { type CheckReport, checkVault } from "../../../src/core/fs/check/check-vault.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { encodeExtent } from "../../../src/core/fs/extent.ts";
import { ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { InodeRecord } from "../../../src/core/fs/inode-record.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { encodeKey, extentKey, KEY_PREFIX, KeyKind } from "../../../src/core/tree/key.ts";
import type { Transaction } from "../../../src/core/vault/transaction.ts";
import type { Vault } from "../../../src/core/vault/vault.ts";
import { nodePlatform } from "../../../src/platform/node-platform.ts";
import { makeSampleFiles } from "../../support/sample-files.ts";
import { copyContents } from "../../support/scanned-store.ts";
import { allRecords, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

const { compressor } = nodePlatform;

/** A store whose pages can be damaged. */
class FragileStore extends MemoryStore {
  readonly damaged = new Set<number>();

  override read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): readonly (Uint8Array | PageError)[] {
    const pages = super.read(addresses, room);
    return pages.map((page, i) => {
      const address = addresses[i] as number;
      if (page instanceof PageError || !this.damaged.has(address)) return page;
      const bytes = page.slice();
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      return bytes;
    });
  }
}

interface Sample {
  readonly store: FragileStore;
  readonly vault: Vault;
  inoOf(name: string): Promise<number>;
}

/** A vault with one file of every kind, committed and opened again. */
async function sample(t: Test, compression: "none" | "deflate" = "none"): Promise<Sample> {
  const store = new FragileStore();
  const made = await createTestVault(store);
  await makeSampleFiles(await newFileSystem(made, { compression }));
  await made.commit();
  const vault = await openTestVault(store);
  t.teardown(() => vault.abandon());
  const fs = await newFileSystem(vault);
  const inoOf = async (name: string): Promise<number> =>
    (await entryOf(fs, ROOT_INO, utf8(name))).ino;
  return { store, vault, inoOf };
}

function check(vault: Vault, readData = true): Promise<CheckReport> {
  return checkVault(vault, { readData, compressor });
}

/** Addresses of all pages in use. */
async function usedAddresses(vault: Vault): Promise<readonly number[]> {
  const addresses: number[] = [];
  for await (const part of vault.inspect().spaceMap()) {
    if (part instanceof PageError) throw part;
    for (let bit = 0; bit < part.count; bit++) {
      if (part.isUsed(bit)) addresses.push(addressOf(part.first + bit));
    }
  }
  return addresses;
}

/** Changes records behind the file system's back, and checks. */
async function afterwards(
  { vault }: Sample,
  change: (transaction: Transaction) => void,
): Promise<string[]> {
  await vault.transact(change);
  await vault.commit();
  const { findings } = await check(vault, false);
  return [...new Set(findings.map(({ code }) => code))].sort();
}

for (const compression of ["none", "deflate"] as const) {
  t.test(`a vault with files of every kind is whole (${compression})`, async (t) => {
    const { vault } = await sample(t, compression);
    const report = await check(vault);
    t.strictSame(report.findings, []);
    t.equal(report.more, 0);
    t.equal(report.leakedPages, 0);
    t.equal(report.inodes, vault.inodes);
    t.ok(report.bytes > 200_000);
    t.equal((await check(vault, false)).bytes, 0, "data is read only when asked for");
  });
}

t.test("each damaged page is found, with the path and bytes that are hurt", async (t) => {
  const { store, vault } = await sample(t);
  await vault.close();
  const addresses = await usedAddresses(await openTestVault(store));
  t.ok(addresses.length > 10);
  for (const address of addresses) {
    const damagedStore = new FragileStore({ contents: copyContents(store.contents) });
    damagedStore.damaged.add(address);
    let isFound = true;
    try {
      const damaged = await openTestVault(damagedStore);
      const { findings } = await check(damaged);
      isFound = findings.length > 0 || damaged.warnings.length > 0;
      for (const { code, path, span, message } of findings) {
        if (code !== "page-damaged") continue;
        t.ok(path !== undefined, `${message} is told with a path`);
        t.ok(span !== undefined || message.includes("attribute"), `${message} is told with bytes`);
      }
      await damaged.abandon();
    } catch (error) {
      t.match(error, { code: /PAGE_CORRUPT|VAULT_DAMAGED/ }, "what does not open says so");
    }
    t.ok(isFound, `damage of page ${address} is noticed`);
  }
});

t.test("a file that is said to stand in a node of the tree is damaged", async (t) => {
  const { vault, inoOf } = await sample(t);
  const ino = await inoOf("inline.txt");
  const path = await vault.nodes.pathTo(extentKey(ino, 0));
  const node = path?.nodes.at(-1);
  if (node === undefined) throw new Error("the sample has no tree");
  const { address, generation } = node.pointer;
  await vault.transact((transaction) => {
    const run = { kind: "run", block: 0, address, generation, count: 1, shared: false } as const;
    transaction.put(extentKey(ino, 0), encodeExtent(run));
  });
  const fs = await newFileSystem(vault);
  await t.rejects(readBytes(fs, ino, 0, 100), { code: "PAGE_CORRUPT" });
  await vault.commit();
  const { findings } = await check(vault);
  t.match(findings, [{ code: "page-damaged" }]);
});

t.test("a file that stands in a damaged page is told by name and range", async (t) => {
  const { store, vault } = await sample(t);
  const records = await allRecords(vault);
  const run = records.find(({ key, value }) => key[8] === KeyKind.extent && value[0] === 2);
  if (run === undefined) throw new Error("the sample has no run of pages");
  const address = new DataView(run.value.buffer, run.value.byteOffset).getUint32(4);
  store.damaged.add(address);
  vault.inspect();
  const again = await openTestVault(store);
  const { findings } = await check(again);
  t.match(findings, [{ code: "page-damaged", span: { start: 0, end: 65_536 } }]);
  t.equal(toText(findings[0]?.path ?? new Uint8Array()), "/directory/pages and a tail");
  await again.abandon();
});

t.test("records that contradict each other are found", async (t) => {
  const cases: Record<string, [(s: Sample, tx: Transaction, ino: number) => void, string[]]> = {
    "a name that leads nowhere": [
      (_, tx) => {
        const value = new Uint8Array(9);
        value[6] = 0x7f;
        value[8] = 8;
        tx.put(encodeKey(ROOT_INO, KeyKind.dentry, utf8("ghost")), value);
      },
      ["inode-missing"],
    ],
    "attributes that are gone": [
      (_, tx, ino) => tx.delete(encodeKey(ino, KeyKind.attributes)),
      ["counter-wrong", "inode-missing"],
    ],
    "a link too many": [
      (_, tx, ino) => editAttributes(tx, ino, (record) => (record.nlink += 1)),
      ["name-wrong"],
    ],
    "an inode without a name": [
      (_, tx) => tx.delete(encodeKey(ROOT_INO, KeyKind.dentry, utf8("moved"))),
      ["inode-unnamed"],
    ],
    "another type than the name says": [
      (_, tx, ino) => editAttributes(tx, ino, (record) => (record.mode = 0o010644)),
      ["name-wrong", "record-malformed"],
    ],
    "a wrong number of blocks": [
      (_, tx, ino) => editAttributes(tx, ino, (record) => (record.mappedBlocks = 77)),
      ["extent-wrong"],
    ],
    "content beyond the size": [
      (_, tx, ino) => {
        tx.put(extentKey(ino, 9), Uint8Array.of(1, 65));
        editAttributes(tx, ino, (record) => (record.mappedBlocks += 1));
      },
      ["extent-wrong"],
    ],
    "an extent of an unknown kind": [
      (_, tx, ino) => tx.put(extentKey(ino, 0), Uint8Array.of(99)),
      ["extent-wrong", "record-malformed"],
    ],
    "an orphan that has a name": [
      (_, tx, ino) => tx.put(encodeKey(0, KeyKind.orphan, u64(ino)), new Uint8Array(0)),
      ["name-wrong"],
    ],
    "an orphan that is not there": [
      (_, tx) => tx.put(encodeKey(0, KeyKind.orphan, u64(123_456)), new Uint8Array(0)),
      ["inode-missing"],
    ],
    "a count of inodes that is wrong": [
      (_, tx, ino) => {
        editAttributes(tx, ino, () => undefined);
        tx.countInodes(3);
      },
      ["counter-wrong"],
    ],
  };
  for (const [name, [change, expected]] of Object.entries(cases)) {
    const made = await sample(t);
    const ino = await made.inoOf("inline.txt");
    t.strictSame(await afterwards(made, (tx) => change(made, tx, ino)), expected, name);
  }
});

t.test("back references that are missing or lead astray are found", async (t) => {
  const made = await sample(t);
  const records = await allRecords(made.vault);
  const reference = records.find(({ key }) => key[8] === KeyKind.piece)?.key;
  if (reference === undefined) throw new Error("the sample has no packed file");
  t.strictSame(await afterwards(made, (tx) => tx.delete(reference)), ["reference-wrong"]);
  const other = await sample(t);
  const stray = reference.slice();
  stray[KEY_PREFIX + 13] = 0x77;
  const put = (tx: Transaction): void => tx.put(stray, new Uint8Array(6).fill(0, 0, 5));
  t.strictSame(await afterwards(other, put), ["reference-wrong"]);
});

t.test("a page that two files use and may not is found", async (t) => {
  const made = await sample(t);
  const records = await allRecords(made.vault);
  const run = records.find(({ key, value }) => key[8] === KeyKind.extent && value[0] === 2);
  const ino = await made.inoOf("moved");
  const take = (tx: Transaction): void =>
    tx.put(extentKey(ino, 0), (run as { value: Uint8Array }).value);
  t.ok((await afterwards(made, take)).includes("page-shared"));
});

t.test("a check can be stopped, and says how far it is", async (t) => {
  const { vault } = await sample(t);
  const steps = new Set<string>();
  await checkVault(vault, {
    readData: true,
    compressor,
    onProgress: ({ step }) => steps.add(step),
  });
  t.strictSame([...steps], ["records", "links", "space"]);
  const signal = AbortSignal.abort(new Error("enough"));
  await t.rejects(checkVault(vault, { readData: false, compressor, signal }), {
    message: "enough",
  });
});

function editAttributes(
  transaction: Transaction,
  ino: number,
  edit: (record: InodeRecord) => void,
): void {
  const key = encodeKey(ino, KeyKind.attributes);
  const record = new InodeRecord(ino, new Uint8Array(transaction.get(key) as Uint8Array));
  edit(record);
  transaction.put(key, record.bytes);
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
