import t from "tap";
import type { PagePointer } from "../../../src/core/format/address.ts";
import { LateStore } from "../../support/late-store.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

/** Pages that the smallest cache holds. */
const CACHED_PAGES = 63;

const PAGES_EACH = 17;
const READERS = 64;

/** Reads full pages, so many of them, through the smallest cache: the sum of their first bytes. */
async function withPages(
  count: number,
): Promise<(first: number, pages: number) => Promise<number>> {
  const before = new LateStore();
  const vault = await createTestVault(before);
  const pointers: PagePointer[] = [];
  for (let block = 0; block < count; block++) {
    const payload = new Uint8Array(65_536).fill(block);
    pointers.push(...vault.addPages([{ pageClass: "data", owner: { ino: 2, block }, payload }]));
  }
  await vault.close();
  const again = await openTestVault(new LateStore(before.contents), { cacheBytes: 0 });
  return async (first, pages) => {
    const wanted = pointers.slice(first, first + pages);
    return again.transact((transaction) => {
      let sum = 0;
      for (const pointer of wanted) sum += transaction.page("data", pointer)[0] ?? 0;
      return sum;
    });
  };
}

function sumOf(first: number, pages: number): number {
  let sum = 0;
  for (let block = first; block < first + pages; block++) sum += block & 255;
  return sum;
}

t.test("operations that need more pages than the cache holds all end", async (t) => {
  const read = await withPages(READERS * PAGES_EACH);
  const firsts = Array.from({ length: READERS }, (_, i) => i * PAGES_EACH);
  const sums = await Promise.all(firsts.map((first) => read(first, PAGES_EACH)));
  t.same(
    sums,
    firsts.map((first) => sumOf(first, PAGES_EACH)),
  );
});

t.test("an operation that alone needs more pages than the cache holds ends", async (t) => {
  const read = await withPages(3 * CACHED_PAGES);
  t.equal(await read(0, 3 * CACHED_PAGES), sumOf(0, 3 * CACHED_PAGES));
});
