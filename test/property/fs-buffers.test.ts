/**
 * Buffers of pages are used again as soon as nobody holds them. Were one used too early, some read would show another
 * page's bytes: so a file three times as large as the cache is read and written at many places at once, over a store
 * that answers late, and compared with a plain array.
 */
import fc from "fast-check";
import t from "tap";
import type { FileSystem } from "../../src/core/fs/file-system.ts";
import { LateStore } from "../support/late-store.ts";
import { newFile, newFileSystem } from "../support/test-file-system.ts";
import { createTestVault } from "../support/test-vault.ts";

const RUNS = Number(process.env.FC_RUNS ?? 8);
const ZONE = 1 << 20;
const ZONES = 12;
/** Six of these at once fit the cache, as they must. */
const LONGEST = 1 << 18;
const CACHE_BYTES = 1 << 22;

/** What is done in one zone of the file while others are busy too. */
interface Deed {
  readonly zone: number;
  readonly writes: boolean;
  readonly offset: number;
  readonly length: number;
  readonly seed: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  zone: fc.nat(ZONES - 1),
  writes: fc.boolean(),
  offset: fc.oneof(fc.nat(ZONE - 1), fc.constantFrom(0, 65_536, 65_535, 4096)),
  length: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: LONGEST })),
  seed: fc.integer({ min: 1, max: 255 }),
});

/** Deeds of one round, one a zone at most. */
const round = fc.uniqueArray(deed, {
  selector: ({ zone }) => zone,
  minLength: 4,
  maxLength: ZONES,
});

function bytesFor({ length, seed }: Deed): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * seed) ^ (i >>> 8));
}

/** Does a deed to the file and to its model. @returns whether both agree */
async function perform(fs: FileSystem, ino: number, model: Buffer, asked: Deed): Promise<boolean> {
  const start = asked.zone * ZONE + asked.offset;
  const length = Math.min(asked.length, ZONE - asked.offset);
  if (asked.writes) {
    const bytes = bytesFor({ ...asked, length });
    model.set(bytes, start);
    return (await fs.write(ino, start, bytes)) === length;
  }
  const expected = Buffer.from(model.subarray(start, start + length));
  return Buffer.concat(await fs.read(ino, start, length)).equals(expected);
}

t.test("no buffer is used again while somebody reads it", async (t) => {
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 10, maxLength: 20 }), async (rounds) => {
        const vault = await createTestVault(new LateStore(), CACHE_BYTES);
        const fs = await newFileSystem(vault, { draftBytes: 1 << 21 });
        const { ino } = await newFile(fs, "file");
        const model = Buffer.from(new Uint8Array(ZONES * ZONE).map((_, i) => (i >>> 12) ^ i));
        await fs.write(ino, 0, model);
        for (const [number, deeds] of rounds.entries()) {
          const commit = number % 3 === 0 ? vault.commit() : undefined;
          const agree = await Promise.all(deeds.map((asked) => perform(fs, ino, model, asked)));
          await commit;
          if (agree.includes(false)) throw new Error(`round ${number} differs`);
        }
        await fs.syncfs();
        for (let zone = 0; zone < ZONES; zone++) {
          const asked = { zone, writes: false, offset: 0, length: ZONE, seed: 0 };
          if (!(await perform(fs, ino, model, asked))) throw new Error(`zone ${zone} differs`);
        }
        await vault.close();
      }),
      { numRuns: RUNS, endOnFailure: true },
    ),
  );
});
