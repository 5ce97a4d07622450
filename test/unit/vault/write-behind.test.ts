import { setImmediate as nextTurn } from "node:timers/promises";
import t from "tap";
import type { PageCache } from "../../../src/core/pages/page-cache.ts";
import type { StoredPage } from "../../../src/core/pages/page-store.ts";
import { WriteBehind } from "../../../src/core/vault/write-behind.ts";
import { newTestPages } from "../../support/test-pages.ts";

const MIB = 2 ** 20;

function addMib(pages: PageCache, mib: number): void {
  const payload = new Uint8Array(65_536).fill(1);
  for (let n = 0; n < mib * 16; n++) {
    pages.add([{ pageClass: "data", owner: { ino: 1, block: n }, payload }]);
  }
}

t.test("writers that are too fast wait for some pages, not for all", async (t) => {
  const { pages, store } = await newTestPages();
  const write = store.write.bind(store);
  let left = 20 * 16;
  const all = new Promise<void>((resolve) => {
    store.write = async (stored: readonly StoredPage[]): Promise<void> => {
      await nextTurn();
      write(stored);
      left -= stored.length;
      if (left === 0) resolve();
    };
  });
  const behind = new WriteBehind(pages);
  addMib(pages, 1);
  behind.begin();
  await nextTurn();
  t.equal(pages.dirtyBytes, MIB, "a little is left alone");
  addMib(pages, 14);
  t.equal(behind.throttle(), undefined);
  behind.begin();
  addMib(pages, 5);
  await behind.throttle();
  t.ok(pages.dirtyBytes <= 8 * MIB, `${pages.dirtyBytes} bytes`);
  t.ok(pages.dirtyBytes > 4 * MIB, `${pages.dirtyBytes} bytes`);
  await all;
  t.equal(left, 0, "the rest follows by itself");
});

t.test("who waits is told that pages cannot be written, each time", async (t) => {
  const { pages, store } = await newTestPages();
  const write = store.write.bind(store);
  store.write = (): void => {
    throw new Error("no");
  };
  const behind = new WriteBehind(pages);
  addMib(pages, 17);
  behind.begin();
  await t.rejects(behind.throttle() ?? Promise.resolve(), { message: "no" });
  await t.rejects(behind.throttle() ?? Promise.resolve(), { message: "no" });
  store.write = write;
  await behind.throttle();
  t.ok(pages.dirtyBytes <= 8 * MIB, `${pages.dirtyBytes} bytes`);
});
