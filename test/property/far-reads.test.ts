/**
 * Files of a vault whose pages are all far away, read and written over side by side, with caches that hold little.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { SegmentPlace } from "../support/segment-place.ts";
import { newFile, newFileSystem, readBytes } from "../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 25);

/** Blocks that parts of a file are written to: a few, so that several stand in one pack. */
const BLOCKS = 4;

const directory = t.testdir();
let places = 0;

/** A write: to which file, where, and how much. Most are pieces of a pack, some whole pages. */
const part = fc.record({
  file: fc.nat(5),
  block: fc.nat(BLOCKS - 1),
  at: fc.oneof(fc.constant(0), fc.nat(PAGE_SIZE - 1)),
  length: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 3000 }), weight: 3 },
    fc.integer({ min: 1, max: PAGE_SIZE }),
  ),
  fill: fc.integer({ min: 1, max: 255 }),
});

type Part = typeof part extends fc.Arbitrary<infer P> ? P : never;

/** What files hold. */
class Contents {
  readonly files: Buffer[] = Array.from({ length: 6 }, () => Buffer.alloc(0));

  /** @returns where it goes, and the bytes */
  write({ file, block, at, length, fill }: Part): [offset: number, bytes: Uint8Array] {
    const offset = block * PAGE_SIZE + at;
    const before = this.files[file] as Buffer;
    const after = Buffer.alloc(Math.max(before.length, offset + length));
    after.set(before);
    after.fill(fill, offset, offset + length);
    this.files[file] = after;
    return [offset, after.subarray(offset, offset + length)];
  }
}

const history = fc.record({
  before: fc.array(part, { minLength: 1, maxLength: 30 }),
  commitEvery: fc.integer({ min: 1, max: 8 }),
  after: fc.array(part, { maxLength: 6 }),
  readsCache: fc.boolean(),
});

type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

t.test("what is far away reads right, by whoever asks for it first", async () => {
  const run = async ({ before, commitEvery, after, readsCache }: History): Promise<void> => {
    const place = new SegmentPlace(join(directory, `${++places}`));
    const contents = new Contents();
    const store = await place.open("first", {}, "create");
    const vault = await createTestVault(store);
    const fs = await newFileSystem(vault);
    const inodes = await Promise.all(contents.files.map((_, n) => newFile(fs, `${n}`)));
    const inoOf = (n: number): number => (inodes[n] as { ino: number }).ino;
    for (const [n, one] of before.entries()) {
      await fs.write(inoOf(one.file), ...contents.write(one));
      if (n % commitEvery === 0) await vault.commit();
    }
    await vault.commit();
    await store.flush();
    await vault.close();
    const elsewhere = await openTestVault(await place.open("second", { readsCache }));
    const far = await newFileSystem(elsewhere);
    // Files side by side, the writes of each one after the other, as the kernel has them.
    const write = async (n: number): Promise<void> => {
      for (const one of after)
        if (one.file === n) await far.write(inoOf(n), ...contents.write(one));
    };
    await Promise.all(contents.files.map((_, n) => write(n)));
    const found = await Promise.all(contents.files.map((_, n) => readBytes(far, inoOf(n))));
    for (const [n, content] of contents.files.entries())
      assert.ok(content.equals(found[n] as Buffer));
    await elsewhere.close();
  };
  await fc.assert(fc.asyncProperty(history, run), { numRuns: RUNS });
});
