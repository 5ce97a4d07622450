import t from "tap";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { PagePointer } from "../../../src/core/format/address.ts";
import type { TransactionalVault } from "../../../src/core/vault/transaction.ts";
import { LateStore } from "../../support/late-store.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

/** Pages that the smallest cache holds. */
const CACHED_PAGES = 63;

const PAGES_EACH = 17;
const READERS = 64;

type SumPages = (first: number, pages: number) => Promise<number>;

/** Ways to the pages of one vault through the smallest cache; each sums the first bytes of full pages. */
interface Readers {
  readonly vault: SumPages;
  readonly snapshot: SumPages;
}

function sumPages(vault: TransactionalVault, pointers: readonly PagePointer[]): SumPages {
  return async (first, pages) => {
    const wanted = pointers.slice(first, first + pages);
    return vault.transact((transaction) => {
      let sum = 0;
      for (const pointer of wanted) sum += transaction.page("data", pointer)[0] ?? 0;
      return sum;
    });
  };
}

async function withPages(count: number): Promise<Readers> {
  const before = new LateStore();
  const vault = await createTestVault(before);
  const pointers: PagePointer[] = [];
  for (let block = 0; block < count; block++) {
    const payload = new Uint8Array(65_536).fill(block);
    pointers.push(...vault.addPages([{ pageClass: "data", owner: { ino: 2, block }, payload }]));
  }
  await vault.snapshots.create(utf8("now"));
  await vault.close();
  const again = await openTestVault(new LateStore({ contents: before.contents }), {
    cacheBytes: 0,
  });
  const [snapshot] = again.snapshots.list();
  if (snapshot === undefined) throw new Error("the snapshot is not there");
  return {
    vault: sumPages(again, pointers),
    snapshot: sumPages(again.snapshots.view(snapshot), pointers),
  };
}

function sumOf(first: number, pages: number): number {
  let sum = 0;
  for (let block = first; block < first + pages; block++) sum += block & 255;
  return sum;
}

for (const way of ["vault", "snapshot"] as const) {
  t.test(`operations on a ${way} that need more pages than the cache holds all end`, async (t) => {
    const { [way]: read } = await withPages(READERS * PAGES_EACH);
    const firsts = Array.from({ length: READERS }, (_, i) => i * PAGES_EACH);
    const sums = await Promise.all(firsts.map((first) => read(first, PAGES_EACH)));
    t.same(
      sums,
      firsts.map((first) => sumOf(first, PAGES_EACH)),
    );
  });

  t.test(`one operation on a ${way} that needs more pages than the cache holds ends`, async (t) => {
    const { [way]: read } = await withPages(3 * CACHED_PAGES);
    t.equal(await read(0, 3 * CACHED_PAGES), sumOf(0, 3 * CACHED_PAGES));
  });
}
