import {
  chmodSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t from "tap";
import { isPending } from "../../../src/core/base/maybe-promise.ts";
import { addressOf } from "../../../src/core/format/address.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { FileStore } from "../../../src/stores/file/file-store.ts";
import {
  readAll,
  readEachPooled,
  restOf,
  writeAll,
  writeAllPooled,
} from "../../../src/stores/file/gathered-io.ts";
import { DescriptorFile } from "../../../src/stores/file/host-file.ts";
import { PAGE_STRIDE, pageOffset } from "../../../src/stores/file/layout.ts";
import { gatherWrites } from "../../../src/stores/file/page-runs.ts";
import { pageStoreConformance } from "../../conformance/page-store.ts";

let made = 0;
const directory = t.testdir();

function newPath(): string {
  return join(directory, `${++made}.dvault`);
}

pageStoreConformance(t, "file", () => {
  const path = newPath();
  return { create: () => FileStore.create(path), reopen: () => FileStore.open(path) };
});

pageStoreConformance(t, "memory", () => {
  const store = new MemoryStore();
  return { create: () => store, reopen: () => new MemoryStore({ contents: store.contents }) };
});

t.test("a vault file is for its owner only, and never overwritten", async (t) => {
  const path = newPath();
  const store = FileStore.create(path);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.throws(() => FileStore.create(path), { code: "STORE_EXISTS" });
  store.close();
});

t.test("one process writes; the refusal names it, and readers may come in", async (t) => {
  const path = newPath();
  const store = FileStore.create(path);
  t.throws(() => FileStore.open(path), {
    code: "STORE_BUSY",
    message: new RegExp(`by process ${process.pid}`),
  });
  FileStore.open(path, { readOnly: true }).close();
  store.close();
  FileStore.open(path).close();
});

t.test("what cannot be opened says why", async (t) => {
  t.throws(() => FileStore.open(newPath()), { code: "STORE_MISSING" });
  t.throws(() => FileStore.open(directory, { readOnly: true }), { code: "STORE_MISSING" });
  const plain = newPath();
  writeFileSync(plain, "x");
  t.throws(() => FileStore.open(join(plain, "below")), { code: "STORE_MISSING" });
  if (process.getuid?.() !== 0) {
    chmodSync(plain, 0);
    t.throws(() => FileStore.open(plain), { code: "STORE_DENIED" });
  }
  rmSync(plain);
});

t.test("free pages at the end go back to the disk when the file is closed", async (t) => {
  const path = newPath();
  const store = FileStore.create(path);
  store.seed(0, []);
  const addresses: number[] = [];
  store.allocate(40, 0, addresses);
  await store.write(
    addresses.map((address) => ({ address, bytes: new Uint8Array(65_620).fill(1) })),
  );
  t.ok(statSync(path).size > pageOffset(39));
  store.release(addresses.slice(10));
  store.close();
  t.equal(statSync(path).size, pageOffset(10));
});

t.test("a file whose vault was never unlocked is left as it is", async (t) => {
  const path = newPath();
  const store = FileStore.create(path);
  store.seed(0, []);
  const addresses: number[] = [];
  store.allocate(3, 0, addresses);
  await store.write(
    addresses.map((address) => ({ address, bytes: new Uint8Array(65_620).fill(1) })),
  );
  store.close();
  const before = readFileSync(path);
  FileStore.open(path).close();
  t.ok(readFileSync(path).equals(before));
});

t.test("pages that were free when the file was opened wait for the next header", async (t) => {
  const store = FileStore.create(newPath());
  const free = { start: 0, count: 10 };
  const next = (): number => {
    const out: number[] = [];
    store.allocate(1, 0, out);
    return out[0] ?? -1;
  };
  store.seed(20, [free]);
  t.ok(store.space().freePages >= free.count, "they count as room");
  t.same([next(), next()], [20, 21].map(addressOf), "the disk may hold a header that needs them");
  await store.publish(new Uint8Array(156), 0);
  t.same([next(), next()], [0, 1].map(addressOf));
  store.close();
});

t.test("a file that was cut reads as missing pages, not as zeros", async (t) => {
  const path = newPath();
  const store = FileStore.create(path);
  store.seed(0, []);
  const addresses: number[] = [];
  store.allocate(3, 0, addresses);
  await store.write(
    addresses.map((address) => ({ address, bytes: new Uint8Array(65_620).fill(1) })),
  );
  truncateSync(path, pageOffset(1) + 10);
  const [whole, cut, gone] = await store.read(addresses, () => new Uint8Array(PAGE_STRIDE));
  t.ok(whole instanceof Uint8Array && whole.length >= 65_620);
  t.ok(cut instanceof Uint8Array && cut.length === 10);
  t.match(gone, { code: "PAGE_MISSING" });
  store.close();
  t.equal(readFileSync(path).length, pageOffset(1) + 10);
});

t.test(
  "many scattered pages are read beside the main thread, as one alone is read at once",
  async (t) => {
    const path = newPath();
    const store = FileStore.create(path);
    store.seed(0, []);
    const addresses: number[] = [];
    store.allocate(200, 0, addresses);
    await store.write(
      addresses.map((address, i) => ({ address, bytes: new Uint8Array(65_620).fill(i + 1) })),
    );
    const room = (): Uint8Array => new Uint8Array(PAGE_STRIDE);
    t.notOk(isPending(store.read(addresses.slice(0, 100), room)), "side by side they are one read");
    const scattered = addresses.filter((_, i) => i % 2 === 1).reverse();
    const reading = store.read(scattered, room);
    t.ok(isPending(reading));
    const firstBytes = (await reading).map((page) => (page instanceof Uint8Array ? page[0] : page));
    t.same(
      firstBytes,
      Array.from({ length: 100 }, (_, i) => 200 - 2 * i),
    );
    truncateSync(path, pageOffset(181) + 10);
    const [gone, , , , , , , , , cut, whole] = await store.read(scattered, room);
    t.match(gone, { code: "PAGE_MISSING" });
    t.ok(cut instanceof Uint8Array && cut.length === 10);
    t.ok(whole instanceof Uint8Array && whole.length === PAGE_STRIDE);
    store.close();
  },
);

t.test("writes gather neighbours, split at gaps, and go on after a short write", async (t) => {
  const page = (address: number, length: number) => ({ address, bytes: new Uint8Array(length) });
  const writes = gatherWrites([page(3, 65_620), page(1, 65_620), page(2, 65_620), page(9, 100)]);
  t.same(
    writes.map((write) => [write.offset, write.length]),
    [
      [pageOffset(1), 2 * PAGE_STRIDE + 65_620],
      [pageOffset(9), 100],
    ],
  );
  t.equal(gatherWrites([page(1, 5000), page(2, 65_620)]).length, 2, "slack is not written");
  const [write] = writes;
  if (write === undefined) return t.fail("no write");
  t.equal(restOf(write, write.length), undefined);
  const rest = restOf(write, 65_620 + 4);
  t.equal(rest?.offset, write.offset + 65_624);
  t.equal(rest?.pieces[0]?.length, PAGE_STRIDE - 65_624);
  t.throws(() => restOf(write, 0), { code: "STORE_FULL" });
});

/** A file that does no more than some bytes of the first piece at once. */
class SparingFile extends DescriptorFile {
  bytesAtOnce = 3;

  override read(pieces: readonly Uint8Array[], offset: number): number {
    return super.read(this.#part(pieces), offset);
  }

  override readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>> {
    const parts = pieces.map((piece) => piece.subarray(0, this.bytesAtOnce));
    return super.readScatteredPooled(parts, offsets);
  }

  override write(pieces: readonly Uint8Array[], offset: number): number {
    return super.write(this.#part(pieces), offset);
  }

  override writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return super.writePooled(this.#part(pieces), offset);
  }

  #part(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    return pieces.slice(0, 1).map((piece) => piece.subarray(0, this.bytesAtOnce));
  }
}

t.test("what the system does in part is gone on with, and what it refuses is told", async (t) => {
  const path = newPath();
  const file = new SparingFile(openSync(path, "w+"));
  t.teardown(() => file.close());
  const pieces = ["dva", "", "ul", "t stores"].map((text) => Buffer.from(text));
  const hello = { offset: 2, pieces, length: 13 };
  writeAll(file, hello);
  await writeAllPooled(file, { ...hello, offset: 15 });
  t.equal(readFileSync(path, "latin1"), "\0\0dvault storesdvault stores");
  const found = [Buffer.alloc(4), Buffer.alloc(0), Buffer.alloc(30)];
  t.equal(readAll(file, found, 2), 26);
  t.equal(Buffer.concat(found).toString("latin1", 0, 26), "dvault storesdvault stores");
  const apart = [Buffer.alloc(5), Buffer.alloc(40), Buffer.alloc(1)];
  t.same(await readEachPooled(file, apart, [2, 15, 100]), [5, 13, 0]);
  t.equal(apart[0]?.toString("latin1"), "dvaul");
  t.equal(apart[1]?.toString("latin1", 0, 13), "dvault stores");
  file.bytesAtOnce = 0;
  t.throws(() => writeAll(file, hello), { code: "STORE_FULL" });
  await t.rejects(writeAllPooled(file, hello), { code: "STORE_FULL" });
});
