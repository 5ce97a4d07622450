/**
 * What the fuzzer found, each as the least that shows it: records that no honest writer makes, and that were taken.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import t from "tap";
import { decodeName, encodeName } from "../../src/cli/argument-bytes.ts";
import { parsePlace } from "../../src/cli/config/vault-place.ts";
import { equalBytes, putU32, putU48, putU64 } from "../../src/core/base/bytes.ts";
import { crc32c } from "../../src/core/base/crc32c.ts";
import { LABEL_MAX } from "../../src/core/crypto/key-slot.ts";
import { addressOf, PAGE_NUMBER_END } from "../../src/core/format/address.ts";
import { decodeCommitRoot, encodeCommitRoot } from "../../src/core/format/commit-root.ts";
import { decodeHeader } from "../../src/core/format/header.ts";
import { decodeKeyDirectory, encodeKeyDirectory } from "../../src/core/format/key-directory.ts";
import type { LogPlace } from "../../src/core/format/log-place.ts";
import { decodeReferenceKey, referenceKey } from "../../src/core/fs/check/back-reference.ts";
import { PageUse } from "../../src/core/fs/check/page-use.ts";
import { decodeDentry, encodeDentry } from "../../src/core/fs/dentry.ts";
import { decodeExtent, type Extent, encodeExtent } from "../../src/core/fs/extent.ts";
import { S_IFREG } from "../../src/core/fs/file-system.ts";
import { InflatedBlocks } from "../../src/core/fs/inflated-blocks.ts";
import { INODE_RECORD_SIZE, InodeRecord, TimeField } from "../../src/core/fs/inode-record.ts";
import { decodePackTable, encodePack } from "../../src/core/fs/pack.ts";
import { returnedIn } from "../../src/core/fs/returned-pages.ts";
import { encodeKey, KeyKind } from "../../src/core/tree/key.ts";
import { checkNode, compactNode, copyNode, insertAt, newNode } from "../../src/core/tree/node.ts";
import { SpaceMap } from "../../src/core/vault/space.ts";
import { readAnswer } from "../../src/mount/control-answer.ts";
import { nodeCompressor } from "../../src/platform/node-compressor.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { pageOffset } from "../../src/stores/file/layout.ts";
import { PageAllocator } from "../../src/stores/file/page-allocator.ts";
import { readUrlLife } from "../../src/stores/objects/discord/read/signed-url.ts";
import { CatalogTable } from "../../src/stores/segments/local/catalog-table.ts";
import { LocalDatabase } from "../../src/stores/segments/local/database.ts";
import { PageTable } from "../../src/stores/segments/local/page-table.ts";
import { Slab } from "../../src/stores/segments/local/slab.ts";
import { StateTable } from "../../src/stores/segments/local/state-table.ts";
import { newTestCodec } from "../support/test-codec.ts";
import { loadVector } from "../support/vectors.ts";
import { MemoryFile } from "./targets/memory-file.ts";

/** More than a number of the format may be. */
const UNSAFE = 2 ** 60;

const MALFORMED = { code: "RECORD_MALFORMED" };
const page = { address: 130, generation: 3 };
const piece = { ...page, kind: "piece", block: 0, count: 1, codec: "deflate" } as const;

t.test("a header that was created at no time is damaged", async (t) => {
  const header = loadVector<{ stored: Uint8Array }>("header").stored;
  putU32(header, 76 + 8, 1e9);
  putU32(header, 152, crc32c(header, 0, 152));
  t.throws(() => decodeHeader(header), { code: "VAULT_DAMAGED" });
});

t.test("a page whose owner is no number of an inode is corrupt", async (t) => {
  const codec = newTestCodec();
  const owner = { ino: UNSAFE, block: 0 };
  const plain = { pageClass: "data", ...page, owner, payload: new Uint8Array(1) } as const;
  const stored = await codec.seal(plain);
  await t.rejects(async () => codec.open("data", { ...page, stored }), { code: "PAGE_CORRUPT" });
});

t.test("a key directory with a label that is no UTF-8 can be written again", async (t) => {
  const { payload } = loadVector<{ payload: Uint8Array }>("key-directory");
  const { vaultId, slots } = decodeKeyDirectory(payload);
  const spoiled = encodeKeyDirectory({
    vaultId,
    older: [],
    slots: slots.map((slot) => ({ ...slot, label: "\ufffd".repeat(LABEL_MAX) })),
  });
  t.equal(decodeKeyDirectory(spoiled).slots.length, slots.length);
});

t.test("a commit root names one log, in pages that there are", async (t) => {
  const { roots } = loadVector<{ roots: readonly { payload: Uint8Array }[] }>("commit-root");
  const root = decodeCommitRoot(roots[1]?.payload as Uint8Array);
  const log: LogPlace = {
    ...{ id: new Uint8Array(16), generation: 3, pages: [3, 4], first: 0, count: 2 },
    isApplied: false,
  };
  const once = encodeCommitRoot({ ...root, log });
  const field = once.slice(encodeCommitRoot({ ...root, log: undefined as never }).length);
  t.throws(() => decodeCommitRoot(Uint8Array.of(...once, ...field)), MALFORMED);
  const beyond = once.slice();
  putU48(beyond, beyond.length - 10, PAGE_NUMBER_END - 1);
  t.throws(() => decodeCommitRoot(beyond), MALFORMED);
});

t.test("a node whose cells overlap is malformed: its records would not fit a copy", async (t) => {
  const node = newNode(0);
  for (let n = 0; n < 40; n++)
    insertAt(node, n, Uint8Array.of(n), new Uint8Array(n > 0 ? 9 : 8000));
  const overlapping = compactNode(node);
  for (let n = 1; n < 40; n++) overlapping.copyWithin(12 + 2 * n, 12, 14);
  t.throws(() => checkNode(overlapping, 0), MALFORMED);
  checkNode(compactNode(copyNode(node)), 0);
});

t.test("attributes hold numbers and times of the format", async (t) => {
  for (const spoil of [
    (bytes: Uint8Array) => putU64(bytes, 24, UNSAFE),
    (bytes: Uint8Array) => putU64(bytes, 88, UNSAFE),
    (bytes: Uint8Array) => putU32(bytes, TimeField.mtime + 8, 1e9),
    (bytes: Uint8Array) => putU64(bytes, TimeField.btime, UNSAFE),
  ]) {
    const bytes = new Uint8Array(INODE_RECORD_SIZE);
    spoil(bytes);
    t.throws(() => new InodeRecord(7, bytes), MALFORMED);
  }
});

t.test("a directory entry leads to an inode of a type that there is", async (t) => {
  const wide = encodeDentry({ ino: UNSAFE, type: S_IFREG });
  t.throws(() => decodeDentry(wide), MALFORMED);
  t.throws(() => decodeDentry(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9, 0xff)), MALFORMED);
});

t.test("an extent has blocks, and pages that there are", async (t) => {
  const run = { ...page, kind: "run", block: 0, count: 1, shared: false } as const;
  const extents: readonly Extent[] = [
    { kind: "reserved", block: 0, count: 0 },
    { ...run, count: 0 },
    { ...run, address: 127 },
    { ...run, address: 2 ** 48 - 2, count: 2 },
    { ...piece, offset: 0, storedLength: 9, plainLength: 2 ** 17 },
    { ...piece, address: 255, offset: 0, storedLength: 9, plainLength: 9 },
  ];
  for (const extent of extents) {
    t.throws(() => decodeExtent(0, encodeExtent(extent)), MALFORMED);
  }
});

t.test("a piece inflates to what it says, and no piece says more than a block", async (t) => {
  const stored = new Uint8Array(deflateRawSync(new Uint8Array(100)));
  const said = { ...piece, offset: 0, storedLength: stored.length, plainLength: 200 };
  const blocks = new InflatedBlocks(nodeCompressor);
  t.throws(() => blocks.get(said, stored), { code: "PAGE_CORRUPT" });
  const entry = { ino: 3, block: 0, codec: "deflate", stored } as const;
  for (const spoiled of [{ plainLength: 2 ** 32 - 1 }, { ino: UNSAFE }]) {
    const pack = encodePack([{ ...entry, plainLength: 100, ...spoiled }]);
    t.throws(() => decodePackTable(pack), MALFORMED);
  }
});

t.test("references from pages name inodes and pages that there are", async (t) => {
  const key = referenceKey({ kind: "piece", address: 130, ino: UNSAFE, block: 0 });
  t.throws(() => decodeReferenceKey(key), MALFORMED);
  const chunk = encodeKey(0, KeyKind.returned, new Uint8Array(6).fill(0xff));
  t.throws(() => [...returnedIn(chunk, new Uint8Array(512).fill(1))], MALFORMED);
});

t.test("a URL of a file whose path has a NUL is refused", async (t) => {
  t.throws(() => parsePlace("file:///a%00b"), { code: "USAGE" });
});

t.test("a URL is none, however often it is asked", async (t) => {
  for (let n = 0; n < 100_000; n++) readUrlLife("https://cd\u00d2\u0085?ex=65d&is=65c");
  t.equal(readUrlLife("https://cd\u00d2\u0085?ex=65d&is=65c"), undefined);
});

t.test("names of bytes that are no UTF-8 come back, whatever they are", async (t) => {
  const changed: Uint8Array[] = [];
  const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed];
  for (const first of [...edges, 0xef, 0xf0, 0xf4, 0xf5, 0xff]) {
    for (const second of edges) {
      for (const rest of [[], [0x80], [0x80, 0x80], [0xbf, 0x41]]) {
        const name = Uint8Array.of(0xff, first, second, ...rest);
        if (!equalBytes(encodeName(decodeName(name)), name)) changed.push(name);
      }
    }
  }
  t.same(changed, []);
});

t.test("a commit root may say any end of the vault", async (t) => {
  const file = new MemoryFile(new Uint8Array(pageOffset(3)));
  const store = new FileStore("/vault.dvault", file, false);
  const map = SpaceMap.rebuild([], 3, (number) => number < 2);
  const end = PAGE_NUMBER_END - 1;
  const free = map.free(end, [{ address: addressOf(end - 9), generation: 1 }]);
  const count = free.reduce((sum, run) => sum + run.count, 0);
  t.equal(count, end - 3, "all but two pages and the one that is left out");
  store.seed(end, map.free(end, []));
  const addresses: number[] = [];
  store.allocate(2, 0, addresses);
  t.same(addresses, [3, 4].map(addressOf), "pages in use are in the file");
});

t.test("a damaged TOC may lose pages that nobody ever had", async (t) => {
  const map = SpaceMap.rebuild([], 3, () => true);
  map.mark(addressOf(PAGE_NUMBER_END - 1), false);
  t.equal(map.used, 3);
  const allocator = new PageAllocator();
  allocator.seed(3, []);
  allocator.release(PAGE_NUMBER_END - 1);
  t.equal(allocator.freeCount, 0);
});

t.test("a check may be led to any page", async (t) => {
  const use = new PageUse();
  t.notOk(use.reach(PAGE_NUMBER_END - 1));
  t.notOk(use.reach(3));
  t.ok(use.reach(PAGE_NUMBER_END - 1) && use.has(3) && !use.has(2));
  t.same([use.count, use.end], [2, PAGE_NUMBER_END]);
});

t.test("a commit root names each page of the space map once", async (t) => {
  const { roots } = loadVector<{ roots: readonly { payload: Uint8Array }[] }>("commit-root");
  const root = decodeCommitRoot(roots[1]?.payload as Uint8Array);
  const pointer = { address: 130, generation: 1 };
  const twice = encodeCommitRoot({ ...root, spaceMap: [pointer, pointer] });
  t.throws(() => decodeCommitRoot(twice), MALFORMED);
});

t.test("what the process of a mount answers has a shape, and a code that there is", async (t) => {
  const nonsense = [
    '{"progress":null}',
    '{"progress":{"pendingBytes":"1"}}',
    '{"part":7}',
    '{"part":[null]}',
    '{"ok":true,"result":{"isWhole":0}}',
    '{"ok":false,"code":"toString","message":{}}',
  ];
  for (const line of nonsense) {
    async function* lines(): AsyncGenerator<string> {
      yield line;
    }
    const answer = readAnswer("diff-snapshots", lines(), () => t.fail("nothing is told"));
    await t.rejects(answer, { code: "MOUNT_FAILED" }, line);
  }
});

t.test("rows of the local database that lead nowhere are forgotten or refused", async (t) => {
  const open = (rows: string): { catalog: CatalogTable; pages: PageTable } => {
    const database = LocalDatabase.open("");
    t.teardown(() => database.close());
    database.sql.exec(rows);
    const slab = Slab.open("/pages", () => new MemoryFile(new Uint8Array(100)));
    const { sequence } = new StateTable(database, () => "a").now;
    const pages = new PageTable({ database, slab, budgetBytes: 100 }, sequence);
    return { pages, catalog: new CatalogTable(database) };
  };
  const damaged = { code: "STORE_FAILED", message: /is damaged/ };
  const { pages } =
    open(`INSERT INTO cached VALUES (1, 1, ${UNSAFE}, 9), (2, 1, 0, ${UNSAFE}), (3, 1, 0, 9);
    INSERT INTO fresh VALUES (4, 1, ${UNSAFE}, 9)`);
  t.same(
    [1, 2, 3, 4].map((address) => pages.has(address)),
    [false, false, true, false],
    "what is in the store as well, or was never committed, is forgotten",
  );
  const state = `INSERT INTO state VALUES (1, 'a', 1, 0, 0, '', 1, 0, '')`;
  t.throws(() => open(`${state}; INSERT INTO fresh VALUES (4, 1, ${UNSAFE}, 9)`), damaged);
  t.throws(() => open(state.replace("1, 0, 0", "'x', 0, 0")), damaged);
  const { catalog } = open(`INSERT INTO object VALUES (1, 'a', 'x', NULL, 0, 1);
    INSERT INTO extent VALUES (128, 1, 0, 'text', NULL, 1), (256, 1, 0, x'01010000', NULL, 1)`);
  t.throws(() => catalog.objectsFrom(0, 9), damaged);
  for (const address of [128, 256]) t.throws(() => catalog.find(address), damaged);
});
