import { statSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { PageError } from "../../../src/core/base/errors.ts";
import { STORED_PAGE_MAX } from "../../../src/core/format/page-codec.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { pageStoreConformance } from "../../conformance/page-store.ts";
import { SegmentPlace } from "../../support/segment-place.ts";

/** Bytes that tell which page they are. */
function pageOf(address: number, length = 1000): Uint8Array {
  return new Uint8Array(length).fill((address * 31 + 7) & 0xff);
}

/** Writes pages as one local commit. @returns their addresses */
async function commitPages(store: SegmentStore, count: number, length = 1000): Promise<number[]> {
  const addresses: number[] = [];
  store.allocate(count, 1, addresses);
  await store.write(addresses.map((address) => ({ address, bytes: pageOf(address, length) })));
  store.publish(headerOf(1), 0);
  return addresses;
}

function headerOf(n: number): Uint8Array {
  return new Uint8Array(156).fill(n, 40);
}

async function expectPages(
  t: Test,
  store: SegmentStore,
  addresses: readonly number[],
  length = 1000,
): Promise<void> {
  const pages = await store.read(addresses);
  const isRight = pages.every(
    (page, i) =>
      page instanceof Uint8Array &&
      Buffer.from(page).equals(pageOf(addresses[i] as number, length)),
  );
  t.ok(isRight, `${addresses.length} pages are as they were written`);
}

const directory = t.testdir();
let made = 0;

function newPlace(): SegmentPlace {
  return new SegmentPlace(join(directory, `${++made}`));
}

pageStoreConformance(t, "segments", () => {
  const place = newPlace();
  return { create: () => place.open("here", {}, "create"), reopen: () => place.open("here") };
});

t.test("what was flushed is there again when all local state is lost", async (t) => {
  const place = newPlace();
  const store = await place.open("here", {}, "create");
  t.equal(statSync(place.database("here")).mode & 0o777, 0o600);
  store.seed(0, []);
  const many = await commitPages(store, 300, STORED_PAGE_MAX);
  const few = await commitPages(store, 3);
  t.equal(store.status().pendingCommits, 2);
  await store.flush();
  t.match(store.status(), { pendingCommits: 0, pendingBytes: 0 });
  await store.close();
  place.forget("here");
  const again = await place.open("here");
  t.same(again.readHeaders()[0], headerOf(1));
  await expectPages(t, again, many, STORED_PAGE_MAX);
  await expectPages(t, again, few);
  await again.close();
});

t.test("what was not flushed is lost with the local state, and only that", async (t) => {
  const place = newPlace();
  const store = await place.open("here", {}, "create");
  store.seed(0, []);
  const first = await commitPages(store, 5);
  await store.flush();
  const second = await commitPages(store, 5);
  await store.close();
  const kept = await place.open("here");
  await expectPages(t, kept, [...first, ...second]);
  await kept.close();
  place.forget("here");
  const again = await place.open("here", { takeOver: true });
  await expectPages(t, again, first);
  const lost = await again.read(second);
  t.ok(lost.every((page) => page instanceof PageError));
  await again.close();
});

t.test("a thousand local commits are one record, and dead pages are never uploaded", async (t) => {
  const place = newPlace();
  const objects = place.objects();
  const store = await place.open("here", { objects }, "create");
  store.seed(0, []);
  let last: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const next = await commitPages(store, 2);
    store.release(last);
    last = next;
  }
  await store.flush();
  t.equal(objects.calls.append, 2, "a lease and a commit");
  t.equal(objects.calls.put, undefined);
  const [commit] = await objects.records(1);
  t.ok((commit?.attachments[0]?.length ?? 0) < 10_000);
  await expectPages(t, store, last);
  await store.close();
});
