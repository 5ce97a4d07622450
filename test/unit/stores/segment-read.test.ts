/**
 * Reading from objects: how many requests, what they bring, and what damage costs.
 *
 * @module
 */
import { join } from "node:path";
import t from "tap";
import { PageError } from "../../../src/core/base/errors.ts";
import { addressOf, pageNumber } from "../../../src/core/format/address.ts";
import { STORED_PAGE_MAX, STORED_PAGE_ROOM } from "../../../src/core/format/page-size.ts";
import type { ObjectLimits } from "../../../src/stores/objects/object-store.ts";
import { ReadAhead } from "../../../src/stores/segments/read/read-ahead.ts";
import { ReadGate } from "../../../src/stores/segments/read/read-gate.ts";
import type { SegmentStoreOptions } from "../../../src/stores/segments/segment-options.ts";
import { commitPages, expectPages, pageOf } from "../../support/segment-pages.ts";
import { SegmentPlace } from "../../support/segment-place.ts";

const directory = t.testdir();
let made = 0;

/** A place with so many full pages published, and a reader elsewhere that has none of them. */
async function published(
  count: number,
  options: Partial<SegmentStoreOptions> = {},
  limits: Partial<ObjectLimits> = {},
) {
  const place = new SegmentPlace(join(directory, `${++made}`));
  place.limits = limits;
  const writer = await place.open("desk", { publishBytes: 2 ** 30 }, "create");
  writer.seed(0, []);
  const addresses = await commitPages(writer, count, STORED_PAGE_MAX);
  // The newest pages come along with the catalog, so these are not the newest.
  await commitPages(writer, 8, STORED_PAGE_MAX);
  await writer.flush();
  await writer.close();
  const objects = place.objects();
  const reader = await place.open("lap", { readOnly: true, objects, ...options });
  const gets = () => objects.calls.get ?? 0;
  const opened = gets();
  return { place, objects, reader, addresses, gets: () => gets() - opened };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

t.test("a random read costs one request of the pages wanted, and then none", async (t) => {
  const { reader, addresses, gets } = await published(400);
  await expectPages(t, reader, addresses.slice(200, 201), STORED_PAGE_MAX);
  t.equal(gets(), 1);
  await expectPages(t, reader, addresses.slice(200, 201), STORED_PAGE_MAX);
  t.equal(gets(), 1);
  await expectPages(t, reader, addresses.slice(20, 24), STORED_PAGE_MAX);
  t.equal(gets(), 2, "neighbours come together");
  await reader.close();
});

t.test("full pages go into the rooms that are given, fetched or cached", async (t) => {
  const { reader, addresses, gets } = await published(40);
  for (const requests of [1, 1]) {
    const rooms: ArrayBufferLike[] = [];
    const room = (): Uint8Array => {
      const bytes = new Uint8Array(STORED_PAGE_ROOM);
      rooms.push(bytes.buffer);
      return bytes;
    };
    const wanted = addresses.slice(0, 3);
    const pages = await reader.read(wanted, room);
    t.equal(gets(), requests);
    t.equal(rooms.length, wanted.length);
    for (const [i, page] of pages.entries()) {
      t.ok(page instanceof Uint8Array && rooms.includes(page.buffer));
      t.ok(Buffer.from(page as Uint8Array).equals(pageOf(wanted[i] as number, STORED_PAGE_MAX)));
    }
  }
  await reader.close();
});

t.test("a page that is asked for twice comes in two arrays", async (t) => {
  const { reader, addresses } = await published(20);
  const [address] = addresses as [number];
  for (let turn = 0; turn < 2; turn++) {
    const [first, second] = await reader.read([address, address]);
    t.ok(Buffer.from(second as Uint8Array).equals(pageOf(address, STORED_PAGE_MAX)));
    t.notOk((first as Uint8Array).buffer === (second as Uint8Array).buffer);
  }
  await reader.close();
});

t.test("neighbours of a page that is not full come along with it", async (t) => {
  const place = new SegmentPlace(join(directory, `${++made}`));
  const writer = await place.open("desk", { publishBytes: 2 ** 30 }, "create");
  writer.seed(0, []);
  const addresses = await commitPages(writer, 100, 40_000);
  await commitPages(writer, 8, STORED_PAGE_MAX);
  await writer.flush();
  await writer.close();
  const objects = place.objects();
  const reader = await place.open("lap", { readOnly: true, objects, readAheadBytes: 0 });
  objects.calls.get = 0;
  await expectPages(t, reader, addresses.slice(50, 51), 40_000);
  await expectPages(t, reader, addresses.slice(48, 50), 40_000);
  await expectPages(t, reader, addresses.slice(54, 55), 40_000);
  await expectPages(t, reader, addresses.slice(58, 59), 40_000);
  t.equal(objects.calls.get, 1);
  await expectPages(t, reader, addresses.slice(47, 48), 40_000);
  t.equal(objects.calls.get, 2);
  await reader.close();
});

t.test("who wants a page that is on its way waits for the same request", async (t) => {
  const { reader, objects, addresses, gets } = await published(100);
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  objects.gate = ({ method }) => (method === "get" ? gate : undefined);
  const address = addresses[50] as number;
  const [one, two] = [reader.read([address]), reader.read([address])];
  open();
  const pages = [...(await one), ...(await two)];
  t.equal(gets(), 1);
  t.not(pages[0], pages[1], "each gets an array of its own");
  for (const page of pages) {
    t.ok(page instanceof Uint8Array && Buffer.from(page).equals(pageOf(address, STORED_PAGE_MAX)));
  }
  await reader.close();
});

t.test("a sequential reader is read ahead of, in few long requests", async (t) => {
  const { reader, addresses, gets } = await published(400);
  let waits = 0;
  for (let at = 0; at < 400; at += 2) {
    const pages = reader.read(addresses.slice(at, at + 2));
    if (pages instanceof Promise) waits += 1;
    await pages;
    await settled();
  }
  t.ok(waits < 10, `${waits} reads had to wait`);
  t.ok(gets() < 50, `${gets()} requests`);
  await expectPages(t, reader, addresses, STORED_PAGE_MAX);
  await reader.close();
});

t.test("after a seek, what nobody waits for makes way", async (t) => {
  const { reader, objects, addresses } = await published(600, {}, { parallelGets: 2 });
  for (let at = 0; at < 100; at += 2) {
    await reader.read(addresses.slice(at, at + 2));
    await settled();
  }
  let aborted = 0;
  const { get } = objects;
  objects.get = (_, range, options) => {
    // Never answers, but ends when it is given up.
    options?.signal?.addEventListener("abort", () => {
      aborted += 1;
    });
    return new Promise((__, reject) => {
      options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
      if (range.length < 5 * STORED_PAGE_MAX) reject(new Error("not read ahead"));
    });
  };
  for (let at = 100; at < 160; at += 2) await reader.read(addresses.slice(at, at + 2));
  await settled();
  t.equal(aborted, 0);
  objects.get = get;
  await expectPages(t, reader, addresses.slice(500, 504), STORED_PAGE_MAX);
  t.equal(aborted, 1, "as many as were needed");
  await reader.close();
});

t.test(
  "damage on the way is asked for again; damage in an object costs its pages only",
  async (t) => {
    const { reader, objects, addresses, gets } = await published(100);
    let isFirst = true;
    const spoil = (bytes: Uint8Array): Uint8Array => {
      const spoilt = bytes.slice();
      spoilt[STORED_PAGE_MAX + 100] = (spoilt[STORED_PAGE_MAX + 100] as number) ^ 1;
      return spoilt;
    };
    objects.damage = (_, __, bytes) => {
      if (!isFirst) return bytes;
      isFirst = false;
      return spoil(bytes);
    };
    await expectPages(t, reader, addresses.slice(0, 4), STORED_PAGE_MAX);
    t.equal(gets(), 2);
    objects.damage = (_, range, bytes) => {
      if (range.length > STORED_PAGE_MAX + 4) return spoil(bytes);
      return bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
    };
    const pages = await reader.read(addresses.slice(40, 44));
    t.match(pages[1], { code: "PAGE_CORRUPT", address: addresses[41] });
    t.ok([0, 2, 3].every((n) => pages[n] instanceof Uint8Array));
    objects.damage = (_, __, bytes) => bytes;
    await expectPages(t, reader, addresses.slice(40, 44), STORED_PAGE_MAX);
    await reader.close();
  },
);

t.test("damage again and again, and a store that is down for a moment, cost no page", async (t) => {
  const { reader, objects, addresses, gets } = await published(100);
  let left = 4;
  objects.damage = (_, __, bytes) => {
    left -= 1;
    return left < 0 ? bytes : bytes.map((byte) => byte ^ 1);
  };
  await expectPages(t, reader, addresses.slice(0, 4), STORED_PAGE_MAX);
  t.equal(gets(), 5, "neighbours are asked for together");
  let failures = 2;
  objects.fate = () => {
    failures -= 1;
    return failures < 0 ? "pass" : "before";
  };
  await expectPages(t, reader, addresses.slice(40, 44), STORED_PAGE_MAX);
  await reader.close();
});

t.test("whole pages of another place are not taken for those that were asked for", async (t) => {
  const { reader, objects, addresses, gets } = await published(100);
  const { get } = objects;
  let isFirst = true;
  objects.get = (id, range, options) => {
    const offset = range.offset + (isFirst ? 4 * (STORED_PAGE_MAX + 4) : 0);
    isFirst = false;
    return get.call(objects, id, { ...range, offset }, options);
  };
  await expectPages(t, reader, addresses.slice(0, 4), STORED_PAGE_MAX);
  t.equal(gets(), 2);
  await expectPages(t, reader, addresses.slice(0, 4), STORED_PAGE_MAX);
  await reader.close();
});

t.test(
  "an object that is gone costs its pages only; one that cannot be reached costs none",
  async (t) => {
    const { place, reader, objects, addresses } = await published(300, {}, { parallelPuts: 1 });
    const [first] = place.contents.objects.keys();
    if (first === undefined) return t.fail("no object");
    const kept = place.contents.objects.get(first);
    objects.fate = () => "before";
    await t.rejects(Promise.resolve(reader.read(addresses.slice(0, 2))), { code: "STORE_DOWN" });
    objects.fate = () => "pass";
    place.contents.objects.delete(first);
    const gone = await reader.read(addresses.slice(0, 2));
    t.ok(gone.every((page) => page instanceof PageError && page.code === "PAGE_MISSING"));
    await expectPages(t, reader, addresses.slice(200, 210), STORED_PAGE_MAX);
    if (kept !== undefined) place.contents.objects.set(first, kept);
    await expectPages(t, reader, addresses.slice(0, 2), STORED_PAGE_MAX);
    await reader.close();
  },
);

t.test(
  "published pages are kept within the budget, the least recently used go first",
  async (t) => {
    const cacheBytes = 40 * STORED_PAGE_MAX;
    const { reader, addresses, gets } = await published(200, { cacheBytes, readAheadBytes: 0 });
    for (let at = 0; at < 200; at += 4) {
      await expectPages(t, reader, addresses.slice(at, at + 4), STORED_PAGE_MAX);
      await reader.read(addresses.slice(0, 1));
      t.ok(reader.status().cachedBytes <= cacheBytes);
    }
    const before = gets();
    await expectPages(t, reader, addresses.slice(0, 1), STORED_PAGE_MAX);
    t.equal(gets(), before, "what is used again and again stays");
    await expectPages(t, reader, addresses.slice(4, 8), STORED_PAGE_MAX);
    t.equal(gets(), before + 1);
    await reader.close();
  },
);

t.test("what was fetched ahead is not evicted before what was read", async (t) => {
  const { reader, objects, addresses } = await published(400, {
    cacheBytes: 100 * STORED_PAGE_MAX,
    readAheadBytes: 32 * STORED_PAGE_MAX,
  });
  let fetched = 0;
  objects.damage = (_, range, bytes) => {
    fetched += range.length;
    return bytes;
  };
  for (let at = 0; at < 400; at += 2) {
    await reader.read(addresses.slice(at, at + 2));
    await settled();
  }
  t.ok(fetched <= (400 + 8) * (STORED_PAGE_MAX + 4), `${fetched} bytes were fetched`);
  await reader.close();
});

t.test(
  "a stream's window grows fourfold, a jump begins without one, one that was left is given up",
  async (t) => {
    const ahead = new ReadAhead(64);
    const read = (start: number, count: number) =>
      ahead.note(Array.from({ length: count }, (_, i) => addressOf(start + i)));
    t.same(read(1000, 2).ahead, { start: 1002, end: 1002 });
    t.same(read(1002, 2).ahead, { start: 1004, end: 1012 });
    t.same(read(1004, 2).ahead, { start: 1012, end: 1027 }, "requests are long");
    t.same(read(1006, 2).ahead, { start: 1027, end: 1072 });
    t.same(read(1008, 2).ahead, { start: 1072, end: 1072 }, "and begun when they are");
    let last = 1010;
    for (; last < 1200; last += 2) read(last, 2);
    const jump = read(5000, 1);
    t.same(jump.ahead, { start: 5001, end: 5001 });
    let left = jump.abandoned;
    for (let n = 0; n < 8 && left.length === 0; n++) left = read(7000 + n * 100, 1).abandoned;
    t.match(left, [{ start: last }]);
    t.same(read(3, 1).ahead, { start: 4, end: 4 });
    t.equal(pageNumber(addressOf(1000)), 1000);
  },
);

t.test("turns: those somebody waits for come first, and a turn can be given up", async (t) => {
  const gate = new ReadGate(() => 1);
  const order: string[] = [];
  const ask = (name: string, urgency: "wanted" | "ahead") => {
    const turn = gate.ask(urgency);
    const done = turn.granted.then((end) => {
      order.push(name);
      return end;
    });
    return { turn, done };
  };
  const first = ask("first", "ahead");
  const second = ask("second", "ahead");
  const third = ask("third", "wanted");
  const fourth = ask("fourth", "ahead");
  fourth.turn.hurry();
  second.turn.cancel();
  await t.rejects(second.done, { name: "AbortError" });
  t.ok(gate.isFull);
  for (const { done } of [first, third, fourth]) (await done)();
  t.same(order, ["first", "third", "fourth"]);
  t.notOk(gate.isFull);
});
