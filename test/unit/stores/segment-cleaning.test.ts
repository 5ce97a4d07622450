/**
 * Cleaning: what is rewritten, what is deleted, and what never is.
 *
 * @module
 */
import { join } from "node:path";
import t from "tap";
import { equalBytes } from "../../../src/core/base/bytes.ts";
import { STORED_PAGE_MAX } from "../../../src/core/format/page-size.ts";
import type { MemoryObjectStore } from "../../../src/stores/objects/memory-object-store.ts";
import { commitPages, expectPages, pageOf } from "../../support/segment-pages.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { createRounds, openRounds, readRound, writeRound } from "../../support/segment-vault.ts";

const HOUR_MS = 3_600_000;
const directory = t.testdir();
let made = 0;

function newPlace(): SegmentPlace {
  return new SegmentPlace(join(directory, `${++made}`));
}

/** A store with five objects of which one page in ten is live. */
async function nearlyEmpty() {
  const place = newPlace();
  const objects = place.objects();
  const store = await place.open("here", { objects, publishBytes: 2 ** 30 }, "create");
  store.seed(0, []);
  const all = await commitPages(store, 600, STORED_PAGE_MAX);
  await store.flush();
  const live = all.filter((_, n) => n % 10 === 0);
  store.release(all.filter((_, n) => n % 10 !== 0));
  await commitPages(store, 1);
  await store.flush();
  return { place, objects, store, live };
}

function totalBytes(place: SegmentPlace): number {
  return [...place.contents.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
}

t.test("live pages move together, and their old objects are deleted", async (t) => {
  const { place, store, live } = await nearlyEmpty();
  await commitPages(store, 2);
  const before = totalBytes(place);
  const records = place.contents.records.length;
  const forecast = await store.gc({ dryRun: true });
  t.equal(totalBytes(place), before, "a dry run changes nothing");
  t.equal(place.contents.records.length, records, "and publishes nothing");
  t.match(store.status(), { pendingCommits: 1 });
  const reader = await place.open("reader", { readOnly: true });
  t.match(await reader.gc({ dryRun: true }), { movedBytes: forecast.movedBytes });
  await reader.close();
  const told: number[] = [];
  const report = await store.gc({ onProgress: ({ movedBytes }) => told.push(movedBytes) });
  t.equal(report.rewritten, forecast.rewritten);
  t.ok(report.rewritten >= 4);
  t.equal(report.movedBytes, forecast.movedBytes);
  t.equal(told.at(-1), report.movedBytes);
  t.same(report.unreadable, []);
  t.ok(totalBytes(place) < before / 4, `${totalBytes(place)} of ${before} bytes are left`);
  await expectPages(t, store, live, STORED_PAGE_MAX);
  await store.close();
  const fresh = await place.open("new", { readOnly: true });
  await expectPages(t, fresh, live, STORED_PAGE_MAX);
  await fresh.close();
});

t.test("a cleaning goes on with smaller objects when the store takes no larger ones", async (t) => {
  const { place, objects, store, live } = await nearlyEmpty();
  const memory = objects.store as MemoryObjectStore;
  objects.gate = ({ method }) => {
    const lower = { objectBytes: 500_000, recordBytes: 500_000 };
    if (method === "put") memory.limits = { ...memory.limits, ...lower };
    return undefined;
  };
  const report = await store.gc();
  t.ok(report.rewritten >= 4);
  t.equal(memory.limits.objectBytes, 500_000, "it was refused something");
  await expectPages(t, store, live, STORED_PAGE_MAX);
  await store.close();
  const fresh = await place.open("new", { readOnly: true });
  await expectPages(t, fresh, live, STORED_PAGE_MAX);
  await fresh.close();
});

t.test("what died is told to others: a machine that never saw it die can clean", async (t) => {
  const { place, store, live } = await nearlyEmpty();
  await store.close();
  const before = totalBytes(place);
  const other = await place.open("other");
  const report = await other.gc();
  t.ok(report.rewritten >= 4);
  t.ok(totalBytes(place) < before / 4);
  await expectPages(t, other, live, STORED_PAGE_MAX);
  await other.close();
});

t.test(
  "an object that does not come back as it was put ends the cleaning, nothing is deleted",
  async (t) => {
    const { place, objects, store, live } = await nearlyEmpty();
    const kept = [...place.contents.objects.keys()];
    objects.damage = (_, __, bytes) => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
    await t.rejects(store.gc(), { code: "STORE_FAILED", message: /does not give back/ });
    t.ok(kept.every((id) => place.contents.objects.has(id)));
    objects.damage = (_, __, bytes) => bytes;
    await expectPages(t, store, live, STORED_PAGE_MAX);
    await store.close();
  },
);

t.test("a page that cannot be read stays where it is, and so does its object", async (t) => {
  const { place, store, live } = await nearlyEmpty();
  await store.close();
  place.forget("here");
  const first = pageOf(live[0] as number, STORED_PAGE_MAX);
  const [id, kept] =
    [...place.contents.objects].find(([, { bytes }]) =>
      equalBytes(bytes.subarray(0, first.length), first),
    ) ?? [];
  if (id === undefined || kept === undefined) return t.fail("no object");
  const bytes = kept.bytes.slice();
  bytes[50] = (bytes[50] as number) ^ 1;
  place.contents.objects.set(id, { ...kept, bytes });
  const other = await place.open("other");
  const report = await other.gc();
  t.same(report.unreadable, [live[0]]);
  t.ok(place.contents.objects.has(id));
  await expectPages(t, other, live.slice(1), STORED_PAGE_MAX);
  t.match(await other.read([live[0] as number]), [{ code: "PAGE_CORRUPT" }]);
  place.contents.objects.set(id, kept);
  await expectPages(t, other, live, STORED_PAGE_MAX);
  await other.close();
});

for (const ending of ["closed", "killed"] as const) {
  t.test(`no session that was ${ending} leaves dead pages behind that count as live`, async (t) => {
    const place = newPlace();
    const first = await createRounds(place, "m0");
    await first.store.flush();
    await first.vault.close();
    const live: number[] = [];
    for (let round = 1; round < 10; round++) {
      const { vault, store } = await openRounds(place, `m${round}`, { takeOver: true });
      await writeRound(vault, round);
      await store.flush();
      live.push(store.status().liveBytes);
      if (ending === "closed") await vault.close();
      else t.teardown(() => vault.abandon());
    }
    const [before = 0, after = 0] = [live[2], live[8]];
    // Each round makes a page of content that stays, and nothing else may.
    t.ok(after - before < 6 * 3100, `${live.join(", ")} live bytes`);
  });
}

t.test("orphans go when they are old, records when nobody needs them", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "here");
  const objects = place.objects();
  const orphan = await objects.put(new Uint8Array(1000));
  for (let round = 1; round < 30; round++) {
    await writeRound(vault, round);
    await store.flush();
  }
  const young = await objects.put(new Uint8Array(1000));
  t.ok(place.contents.records.length >= 30);
  t.equal((await store.gc()).orphans, 0, "nothing is old enough");
  t.ok(place.contents.objects.has(orphan.id));
  place.timing.advance(7 * HOUR_MS);
  const late = await objects.put(new Uint8Array(1000));
  await writeRound(vault, 30);
  const report = await store.gc({ targetLiveShare: 0.95 });
  t.equal(report.orphans, 2);
  t.notOk(place.contents.objects.has(orphan.id) || place.contents.objects.has(young.id));
  t.ok(place.contents.objects.has(late.id));
  t.ok(place.contents.records.length < 12, `${place.contents.records.length} records are left`);
  await vault.close();
  const fresh = await openRounds(place, "new", { readOnly: true });
  t.equal(await readRound(fresh.vault), 30);
  await fresh.vault.close();
});

t.test("a cleaning that was stopped goes on with the next", async (t) => {
  const { place, store, live } = await nearlyEmpty();
  const controller = new AbortController();
  const stopped = store.gc({ onProgress: () => controller.abort(), signal: controller.signal });
  await t.rejects(stopped, { name: "AbortError" });
  const fresh = await place.open("new", { readOnly: true });
  await expectPages(t, fresh, live, STORED_PAGE_MAX);
  await fresh.close();
  const before = totalBytes(place);
  await store.gc();
  t.ok(totalBytes(place) < before / 4);
  await expectPages(t, store, live, STORED_PAGE_MAX);
  await store.close();
});
