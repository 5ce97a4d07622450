/**
 * What every PageStore must do, whatever keeps its pages. Call {@link pageStoreConformance} once per kind.
 *
 * @module
 */
import fc from "fast-check";
import type { Test } from "tap";
import { PageError } from "../../src/core/base/errors.ts";
import type { MaybePromise } from "../../src/core/base/maybe-promise.ts";
import { addressOf } from "../../src/core/format/address.ts";
import { STORED_PAGE_MAX, STORED_PAGE_ROOM } from "../../src/core/format/page-size.ts";
import type { PageStore } from "../../src/core/pages/page-store.ts";

/** A store under test that can be opened again. */
export interface StoreUnderTest {
  create(): MaybePromise<PageStore>;
  /** Opens what `create` made, after that store was closed. */
  reopen(): MaybePromise<PageStore>;
}

const newRoom = (): Uint8Array => new Uint8Array(STORED_PAGE_ROOM);

function pageOf(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

/** Reads one page, cut to the length it was written with. */
async function readPage(store: PageStore, address: number, length: number): Promise<Uint8Array> {
  const [bytes] = await store.read([address], newRoom);
  if (bytes === undefined || bytes instanceof PageError) throw bytes ?? new Error("nothing read");
  return bytes.subarray(0, length);
}

/** Allocates pages that nobody may hold yet. */
function hold(store: PageStore, held: Set<number>, count: number): void {
  const out: number[] = [];
  store.allocate(count, 0, out);
  for (const address of out) {
    if (held.has(address)) throw new Error(`${address} was handed out twice`);
    held.add(address);
  }
  if (out.length !== count) throw new Error(`${out.length} addresses instead of ${count}`);
}

/** Runs the suite. */
export function pageStoreConformance(t: Test, name: string, makeStore: () => StoreUnderTest): void {
  t.test(`${name}: pages of every length come back, also after reopening`, async (t) => {
    const under = makeStore();
    const store = await under.create();
    store.seed(0, []);
    const lengths = [1, 91, 92, 4096, 65_535, STORED_PAGE_MAX - 1, STORED_PAGE_MAX];
    const addresses: number[] = [];
    store.allocate(lengths.length, 0, addresses);
    await store.write(
      addresses.map((address, i) => ({ address, bytes: pageOf(lengths[i] ?? 0, i + 1) })),
    );
    await store.publish(pageOf(156, 9), 0);
    await store.close();
    const again = await under.reopen();
    for (const [i, address] of addresses.entries()) {
      const length = lengths[i] ?? 0;
      t.same(await readPage(again, address, length), pageOf(length, i + 1), `${length} bytes`);
    }
    await again.close();
  });

  t.test(`${name}: headers stand in their slots`, async (t) => {
    const under = makeStore();
    const store = await under.create();
    t.ok((await store.readHeaders()).every((header) => header === undefined));
    await store.publish(pageOf(156, 1), 0);
    await store.publish(pageOf(156, 2), 1);
    await store.publish(pageOf(156, 3), 0);
    const headers = await store.readHeaders();
    t.same(
      headers.map((header) => header?.subarray(0, 156)),
      [pageOf(156, 3), pageOf(156, 2)],
    );
    await store.close();
  });

  t.test(`${name}: a page that is not there is missing, its neighbours are not`, async (t) => {
    const store = await makeStore().create();
    store.seed(0, []);
    const addresses: number[] = [];
    store.allocate(2, 0, addresses);
    const [first = 0] = addresses;
    await store.write([{ address: first, bytes: pageOf(STORED_PAGE_MAX, 1) }]);
    const far = addressOf(100_000);
    const [there, missing] = await store.read([first, far], newRoom);
    t.ok(there instanceof Uint8Array);
    t.match(missing, { code: "PAGE_MISSING", address: far });
    await store.close();
  });

  t.test(`${name}: no address is handed out twice before it is released`, async (t) => {
    await t.resolves(
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 0, max: 60 })), {
            maxLength: 30,
          }),
          async (steps) => {
            const store = await makeStore().create();
            store.seed(40, [
              { start: 3, count: 5 },
              { start: 20, count: 17 },
            ]);
            const held = new Set<number>();
            for (const [count, released] of steps) {
              hold(store, held, count);
              const back = [...held].slice(0, released);
              for (const address of back) held.delete(address);
              store.release(back);
            }
            await store.close();
          },
        ),
        { numRuns: 50 },
      ),
    );
  });
}
