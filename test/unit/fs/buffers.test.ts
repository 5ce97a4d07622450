import t from "tap";
import { BufferPool } from "../../../src/core/base/buffer-pool.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { Drafts } from "../../../src/core/fs/drafts.ts";
import { MemoryStore } from "../../../src/core/pages/memory-store.ts";
import { newFile, newFileSystem } from "../../support/test-file-system.ts";
import { createTestVault } from "../../support/test-vault.ts";

const BLOCKS = 160;

/** Where bytes stand. */
function placeOf(bytes: Uint8Array | undefined): unknown {
  return [bytes?.buffer, bytes?.byteOffset];
}

/** A pool of plain memory. @param afterTurn - as BufferPool wants it */
function newPool(afterTurn: (body: () => void) => void): BufferPool {
  return new BufferPool(PAGE_SIZE, { afterTurn, memory: (bytes) => new Uint8Array(bytes) });
}

t.test("what a read lent stays as it was until the turn ends, whatever else is read", async (t) => {
  const vault = await createTestVault(new MemoryStore(), 2 ** 22);
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "file");
  for (let block = 0; block < BLOCKS; block++) {
    await fs.write(ino, block * PAGE_SIZE, new Uint8Array(PAGE_SIZE).fill(block + 1));
  }
  await fs.syncfs();
  const read = (block: number): Uint8Array => {
    const pieces = fs.read(ino, block * PAGE_SIZE, PAGE_SIZE);
    if (pieces instanceof Promise) throw new Error("the store answers at once");
    return pieces[0] ?? new Uint8Array(0);
  };
  const lent = Array.from({ length: BLOCKS }, (_, block) => read(block));
  const changed = lent.findIndex((bytes, block) => bytes.some((byte) => byte !== block + 1));
  t.equal(changed, -1, "more was read than the cache holds");
  const bufferOf = ({ byteOffset }: Uint8Array): number =>
    Math.floor(byteOffset / vault.buffers.size);
  const before = new Set(lent.map(bufferOf));
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(before.has(bufferOf(read(0))), "then buffers are used again");
  await vault.close();
});

t.test("a page that is read whole leaves memory, one that is read in part stays", async (t) => {
  const vault = await createTestVault(new MemoryStore());
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "file");
  const content = new Uint8Array(4 * PAGE_SIZE).map((_, i) => i >>> 10);
  await fs.write(ino, 0, content);
  await fs.syncfs();
  await vault.commit();
  const read = async (offset: number, length: number): Promise<number> => {
    const found = Buffer.concat(await fs.read(ino, offset, length));
    t.ok(found.equals(content.subarray(offset, offset + length)), `${length} bytes at ${offset}`);
    return vault.cacheBytes;
  };
  const empty = await read(0, content.length);
  t.ok(empty < PAGE_SIZE * 2, "the tree alone is left");
  t.ok((await read(PAGE_SIZE - 10, 20)) >= empty + 2 * PAGE_SIZE);
  t.ok((await read(PAGE_SIZE - 10, PAGE_SIZE + 20)) >= empty + 2 * PAGE_SIZE);
  t.equal(await read(0, content.length), empty);
  await vault.close();
});

t.test("a frozen draft keeps its buffer until it is thawed", async (t) => {
  const turns: (() => void)[] = [];
  const pool = newPool((body) => turns.push(body));
  const endTurn = (): void => {
    for (const body of turns.splice(0)) body();
  };
  const drafts = new Drafts(pool);
  const write = (fill: number): void => {
    const part = new Uint8Array(PAGE_SIZE).fill(fill);
    drafts.write({ ino: 5, block: 0, at: 0 }, part, { isUnmapped: true });
  };
  write(1);
  const frozen = drafts.freeze(5, 0) ?? new Uint8Array(0);
  write(2);
  endTurn();
  t.strictNotSame(placeOf(pool.take()), placeOf(frozen));
  t.ok(frozen.every((byte) => byte === 1));
  t.notOk(drafts.isSame(5, 0, frozen));
  drafts.thaw(frozen);
  endTurn();
  t.strictSame(placeOf(pool.take()), placeOf(frozen));
  const second = placeOf(drafts.content({ ino: 5, block: 0, at: 0 }, PAGE_SIZE));
  drafts.drop(5, 0);
  endTurn();
  t.strictSame(placeOf(pool.take()), second, "a dropped draft gives its buffer back");
});

t.test("a draft in a used buffer reads as zeros beyond what was written", async (t) => {
  const pool = newPool((body) => body());
  const stale = pool.take().fill(0xff);
  pool.giveBack(stale);
  const drafts = new Drafts(pool);
  const long = new Uint8Array(40_000).fill(1);
  drafts.write({ ino: 5, block: 0, at: 0 }, long, { isUnmapped: true });
  drafts.write({ ino: 5, block: 0, at: 60_000 }, long.subarray(0, 10), { isUnmapped: true });
  const content = drafts.content({ ino: 5, block: 0, at: 0 }, PAGE_SIZE) ?? new Uint8Array(0);
  t.equal(content.length, 60_010);
  t.ok(content.subarray(40_000, 60_000).every((byte) => byte === 0));
});

t.test("the room of a small draft is used again, but not while a flush reads it", async (t) => {
  const turns: (() => void)[] = [];
  const endTurn = (): void => {
    for (const body of turns.splice(0)) body();
  };
  const drafts = new Drafts(newPool((body) => turns.push(body)));
  const write = (ino: number, fill: number, length = 4000): void => {
    const part = new Uint8Array(length).fill(fill);
    drafts.write({ ino, block: 0, at: 0 }, part, { isUnmapped: true });
  };
  write(5, 1);
  const frozen = drafts.freeze(5, 0) ?? new Uint8Array(0);
  drafts.drop(5, 0);
  endTurn();
  write(6, 2);
  t.ok(frozen.every((byte) => byte === 1));
  drafts.thaw(frozen);
  write(7, 3);
  t.ok(
    frozen.every((byte) => byte === 1),
    "the turn has not ended",
  );
  endTurn();
  write(8, 4, 3000);
  t.strictSame(placeOf(drafts.content({ ino: 8, block: 0, at: 0 }, PAGE_SIZE)), placeOf(frozen));
  drafts.write({ ino: 8, block: 0, at: 3500 }, Uint8Array.of(9), { isUnmapped: true });
  const content = drafts.content({ ino: 8, block: 0, at: 0 }, PAGE_SIZE) ?? new Uint8Array(0);
  t.equal(content.length, 3501);
  t.ok(content.subarray(3000, 3500).every((byte) => byte === 0));
});
