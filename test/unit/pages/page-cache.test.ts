import t from "tap";
import { isPending } from "../../../src/core/base/maybe-promise.ts";
import type { CachedPage } from "../../../src/core/pages/cached-page.ts";
import { DeadPages } from "../../../src/core/pages/dead-pages.ts";
import type { PageCache } from "../../../src/core/pages/page-cache.ts";
import { PageFault } from "../../../src/core/pages/page-fault.ts";
import type { StoredPage } from "../../../src/core/pages/page-store.ts";
import { newTestPages } from "../../support/test-pages.ts";

const identity = (payload: Uint8Array): Uint8Array => payload;

function addData(pages: PageCache, block: number, length = 100): CachedPage {
  const payload = new Uint8Array(length).fill(block);
  const [page] = pages.add([{ pageClass: "data", owner: { ino: 7, block }, payload }]);
  if (page === undefined) throw new Error("no page");
  return page;
}

async function commit(pages: PageCache): Promise<void> {
  pages.freeze(identity);
  await pages.flush("frozen");
  pages.published();
}

t.test("a page that is not resident faults, and is there once loaded", async (t) => {
  const { pages } = await newTestPages();
  const page = addData(pages, 3);
  t.equal(pages.page("data", page), page);
  await commit(pages);
  pages.dropClean();
  try {
    pages.page("data", page);
    t.fail("it was resident");
  } catch (fault) {
    t.same(fault, new PageFault("data", page));
  }
  t.notOk(isPending(pages.load("data", [page])), "a store that answers at once is not waited for");
  t.same(pages.page("data", page).payload, page.payload);
  t.same(pages.page("data", page).owner, { ino: 7, block: 3 });
});

t.test("one damaged page fails a load, its neighbours are in", async (t) => {
  const { pages, store } = await newTestPages();
  const all = [addData(pages, 1), addData(pages, 2), addData(pages, 3)];
  await commit(pages);
  pages.dropClean();
  const bytes = store.contents.pages.get(all[1]?.address ?? -1);
  if (bytes) bytes[50] = (bytes[50] ?? 0) ^ 1;
  t.throws(() => pages.load("data", all), { code: "PAGE_CORRUPT", address: all[1]?.address });
  t.ok(pages.peek("data", all[0] as CachedPage));
  t.ok(pages.peek("data", all[2] as CachedPage));
});

t.test("a page that is asked for twice at once is read once", async (t) => {
  const { pages, store } = await newTestPages();
  const page = addData(pages, 1);
  const other = addData(pages, 2);
  await commit(pages);
  pages.dropClean();
  const asked: number[] = [];
  const read = store.read.bind(store);
  // As a store does that fetches each page once: whatever is opened twice where it stands is lost.
  store.read = (addresses, room) => {
    asked.push(...addresses);
    const found = new Map(
      addresses.map((address) => [address, read([address], room)[0] as Uint8Array]),
    );
    return addresses.map((address) => found.get(address) as Uint8Array);
  };
  await pages.load("data", [page, other, page]);
  t.same(asked, [page.address, other.address]);
  t.same(pages.page("data", page).payload, page.payload);
  t.same(pages.page("data", other).payload, other.payload);
});

t.test("pointers of another generation do not find a page", async (t) => {
  const { pages } = await newTestPages();
  const page = addData(pages, 1);
  await commit(pages);
  const stale = { address: page.address, generation: page.generation + 1 };
  t.equal(pages.peek("data", stale), undefined);
  t.throws(() => pages.load("data", [stale]), { code: "PAGE_CORRUPT" });
});

t.test("a page is one of its own class only, wherever it is", async (t) => {
  const { pages } = await newTestPages();
  const page = addData(pages, 1);
  const refused = (): void => {
    t.equal(pages.peek("tree", page), undefined);
    t.throws(() => pages.page("tree", page));
    t.throws(() => pages.load("tree", [page]), { code: /PAGE_(MISSING|CORRUPT)/ });
    t.strictSame(pages.take("tree", [page]), [undefined]);
  };
  refused();
  await commit(pages);
  refused();
  t.equal(pages.peek("data", page), page, "as itself it is still there");
});

t.test("a page whose place a new one was given is corrupt, and waited for by nobody", async (t) => {
  const { pages, store } = await newTestPages();
  const lost = addData(pages, 1);
  const other = addData(pages, 2);
  await commit(pages);
  pages.dropClean();
  // What a space map says that calls a page free which is in use.
  store.release([lost.address]);
  const taker = addData(pages, 3);
  t.equal(taker.address, lost.address);
  t.throws(() => pages.load("data", [lost, other]), {
    code: "PAGE_CORRUPT",
    address: lost.address,
  });
  t.ok(pages.peek("data", other), "the others are in");
  t.equal(pages.peek("data", taker), taker);
});

t.test("editing copies what an older generation wrote, once a generation", async (t) => {
  const { pages } = await newTestPages();
  const owner = { ino: 0, block: 0 };
  const [first] = pages.add([{ pageClass: "tree", owner, payload: Uint8Array.of(1) }]);
  if (first === undefined) return t.fail("no page");
  t.equal(pages.edit(first, identity), first, "born in the open generation");
  await commit(pages);
  const copy = pages.edit(first, (payload) => payload.slice());
  t.not(copy.address, first.address);
  copy.payload[0] = 2;
  t.same(first.payload, Uint8Array.of(1));
  t.equal(pages.edit(copy, identity), copy);
});

t.test("the clean cache stays within its budget", async (t) => {
  const { pages } = await newTestPages();
  for (let block = 0; block < 200; block++) addData(pages, block, 65_536);
  t.equal(pages.dirtyBytes, 200 * 65_536);
  await commit(pages);
  t.equal(pages.dirtyBytes, 0);
  t.ok(pages.cleanBytes <= 2 ** 22, `${pages.cleanBytes} bytes`);
});

t.test(
  "clean pages make room for those that are not written yet, half of it at most",
  async (t) => {
    const { pages } = await newTestPages();
    const fill = (): void => {
      for (let block = 0; block < 40; block++) addData(pages, block, 65_536);
    };
    const first = addData(pages, 40, 65_536);
    await commit(pages);
    pages.dropClean();
    fill();
    await commit(pages);
    t.ok(pages.cleanBytes > 2 ** 21, `${pages.cleanBytes} bytes where nothing is dirty`);
    fill();
    await pages.load("data", [first]);
    t.ok(pages.peek("data", first));
    t.ok(pages.cleanBytes <= 2 ** 21, `${pages.cleanBytes} bytes beside ${pages.dirtyBytes}`);
    t.ok(pages.cleanBytes > 2 ** 20);
    await commit(pages);
  },
);

t.test("writing data behind leaves nothing for the commit but what changed since", async (t) => {
  const { pages, store } = await newTestPages();
  const page = addData(pages, 1);
  await pages.flush("data");
  t.equal(pages.dirtySeals, 0);
  t.ok(store.contents.pages.has(page.address));
  pages.supersede(page);
  t.not(addData(pages, 2).address, page.address, "a pointer names one content for ever");
  pages.freeze(identity);
  t.equal(
    addData(pages, 3).address,
    page.address,
    "it was in no header, so no header is waited for",
  );
});

t.test("a failed write leaves its pages dirty for the next one", async (t) => {
  const { pages, store } = await newTestPages();
  addData(pages, 1);
  const write = store.write.bind(store);
  store.write = (): void => {
    throw new Error("no");
  };
  await t.rejects(pages.flush("data"), { message: "no" });
  t.equal(pages.dirtySeals, 1);
  store.write = (stored: readonly StoredPage[]): void => write(stored);
  await pages.flush("data");
  t.equal(pages.dirtySeals, 0);
});

t.test("writing behind takes in what is added meanwhile, and makes way for a commit", async (t) => {
  const { pages, store } = await newTestPages();
  const write = store.write.bind(store);
  let batches = 0;
  const addedLate: CachedPage[] = [];
  store.write = (stored: readonly StoredPage[]): void => {
    if (++batches <= 4) addedLate.push(addData(pages, 50 + batches));
    write(stored);
  };
  for (let block = 0; block < 40; block++) addData(pages, block);
  let progress = 0;
  await pages.flush("data", () => {
    progress += 1;
  });
  t.equal(pages.dirtySeals, 0, "those added while others were written as well");
  t.equal(progress, batches);
  t.ok(addedLate.every(({ address }) => store.contents.pages.has(address)));
  batches = 4;
  for (let block = 0; block < 200; block++) addData(pages, block);
  const behind = pages.flush("data");
  pages.freeze(identity);
  const later = addData(pages, 300);
  await Promise.all([behind, pages.flush("frozen")]);
  t.equal(pages.dirtySeals, 1, "the commit wrote what was frozen, and nothing went on beside it");
  t.ok(pages.peek("data", later));
});

t.test(
  "a page that dies before its turn is not written, and one on its way keeps its place",
  async (t) => {
    const { pages } = await newTestPages();
    const all = Array.from({ length: 70 }, (_, block) => addData(pages, block));
    const [first, last] = [all[0] as CachedPage, all[69] as CachedPage];
    const flushing = pages.flush("data");
    await Promise.resolve().then();
    pages.supersede(first);
    pages.supersede(last);
    pages.freeze(identity);
    const taken = addData(pages, 99);
    t.not(taken.address, first.address, "it is being written");
    t.equal(taken.address, last.address);
    await flushing;
    await pages.load("data", [taken]);
    t.same(pages.page("data", taken).payload, new Uint8Array(100).fill(99));
  },
);

t.test("a dead page waits for two headers; one a snapshot sees waits for a sweep", async (t) => {
  const back: number[] = [];
  const dead = new DeadPages((addresses) => back.push(...addresses));
  dead.keepUpTo(5);
  dead.bury(1, 6);
  dead.bury(2, 5);
  t.same(
    dead.freeze(() => false),
    [],
  );
  dead.bury(3, 7);
  t.same([...dead.waiting()], [1, 3]);
  dead.published();
  t.same(back, []);
  t.same(
    dead.freeze(() => false),
    [],
  );
  dead.published();
  t.same(back, [1]);
  dead.published();
  t.same(back, [1, 3]);
});

t.test("what dies in the generation it was born in waits for its end", async (t) => {
  const back: number[] = [];
  const dead = new DeadPages((addresses) => back.push(...addresses));
  dead.buryYoung(1);
  dead.buryYoung(2);
  t.same([...dead.waiting()], [1, 2]);
  t.equal(dead.count, 2);
  t.same(
    dead.freeze((address) => address === 2),
    [1],
  );
  t.same([...dead.waiting()], [2], "as every dead page, since it is being written");
  t.same(back, []);
});
