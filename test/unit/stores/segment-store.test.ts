import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import SqliteDatabase from "better-sqlite3";
import t, { type Test } from "tap";
import { PageError, StoreError } from "../../../src/core/base/errors.ts";
import { STORED_PAGE_MAX } from "../../../src/core/format/page-size.ts";
import { MemoryObjectStore } from "../../../src/stores/objects/memory-object-store.ts";
import {
  type ObjectBytes,
  piecesOf,
  SHORTEST_PIECE,
} from "../../../src/stores/objects/object-bytes.ts";
import type { CallOptions, StoredObject } from "../../../src/stores/objects/object-store.ts";
import { LocalDatabase } from "../../../src/stores/segments/local/database.ts";
import type { SegmentStore } from "../../../src/stores/segments/segment-store.ts";
import { pageStoreConformance } from "../../conformance/page-store.ts";
import { FaultObjectStore } from "../../support/fault-object-store.ts";
import { commitPages, expectPages, headerOf } from "../../support/segment-pages.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { TYPESCRIPT, untraced } from "../../support/untraced.ts";

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
  const store = await place.open("here", { publishBytes: 2 ** 30 }, "create");
  for (const suffix of ["", "-wal", "-pages"]) {
    t.equal(statSync(place.database("here") + suffix).mode & 0o777, 0o600);
  }
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

/** Objects of which the first try to send each is broken off in the middle. */
class HastyObjects extends MemoryObjectStore {
  readonly lengths: number[] = [];

  override async put(bytes: ObjectBytes, options?: CallOptions): Promise<StoredObject> {
    const given = piecesOf(bytes)[Symbol.asyncIterator]();
    await given.next();
    void given.next();
    for await (const { length } of piecesOf(bytes)) this.lengths.push(length);
    return super.put(bytes, options);
  }
}

t.test(
  "objects are sent in pieces, and anew from the beginning while a try still ends",
  async (t) => {
    const place = newPlace();
    const limits = { objectBytes: 2 ** 21, parallelPuts: 5 };
    const objects = new HastyObjects({ contents: place.contents, limits });
    const store = await place.open("here", { objects }, "create");
    store.seed(0, []);
    const many = await commitPages(store, 200, STORED_PAGE_MAX);
    const small = await commitPages(store, 2000, 5000);
    await store.flush();
    await store.close();
    const isShort = (length: number): boolean => length < SHORTEST_PIECE;
    t.ok(objects.lengths.filter(isShort).length <= objects.contents.objects.size);
    t.ok(objects.lengths.every((length) => length < 2 * SHORTEST_PIECE));
    place.forget("here");
    const again = await place.open("here");
    await expectPages(t, again, many, STORED_PAGE_MAX);
    await expectPages(t, again, small, 5000);
    await again.close();
  },
);

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

/** Pages of a commit, and behind its end others that were written for the next one before it was published. */
async function commitAndMore(store: SegmentStore): Promise<{ end: number; taken: number[] }> {
  store.seed(0, []);
  const own = await commitPages(store, 3);
  const { end } = store;
  return { end, taken: [...own, ...(await commitPages(store, 300))] };
}

/** Hands out addresses behind the end of a commit, and publishes pages there. */
async function goOnBehind(
  t: Test,
  store: SegmentStore,
  { end, taken }: { readonly end: number; readonly taken: readonly number[] },
): Promise<void> {
  store.seed(end, []);
  await expectPages(t, store, taken);
  const fresh = await commitPages(store, 300);
  t.same(
    fresh.filter((address) => taken.includes(address)),
    [],
    "no address stands for two pages",
  );
  await store.flush();
  await expectPages(t, store, [...taken, ...fresh]);
}

t.test("an address behind the end of a commit is handed out once, too", async (t) => {
  const place = newPlace();
  const store = await place.open("here", { publishBytes: 2 ** 30 }, "create");
  const written = await commitAndMore(store);
  await store.flush();
  await store.close();
  const lost = await place.open("new");
  await goOnBehind(t, lost, written);
  await lost.close();
  const other = newPlace();
  const before = await other.open("here", { publishBytes: 2 ** 30 }, "create");
  const unpublished = await commitAndMore(before);
  other.kill("here", "here.killed");
  const killed = await other.open("here.killed", { takeOver: true });
  await goOnBehind(t, killed, unpublished);
  await killed.close();
  await before.close();
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
  t.equal(objects.calls.append, 3, "a lease, and the first commit twice");
  t.equal(objects.calls.put, undefined);
  const [commit] = await objects.records(1);
  t.ok((commit?.attachments[0]?.length ?? 0) < 10_000);
  await expectPages(t, store, last);
  await store.close();
});

t.test("one process at a time has the local database, and the refusal says which", async (t) => {
  const place = newPlace();
  const store = await place.open("here", {}, "create");
  await t.rejects(place.open("here"), { code: "STORE_BUSY", message: /open on this machine/ });
  const program = `
    import { LocalDatabase } from "${new URL("../../../src/stores/segments/local/database.ts", import.meta.url).href}";
    try { LocalDatabase.open(process.argv[1]); } catch (error) { process.stdout.write(error.message); }`;
  const args = [...TYPESCRIPT, "--input-type=module", "--eval", program, place.database("here")];
  const { stdout } = await promisify(execFile)(...untraced(process.execPath, args));
  t.match(stdout, `by process ${process.pid}`);
  store.seed(0, []);
  const addresses = await commitPages(store, 3);
  await store.flush();
  const reader = await place.open("here", { readOnly: true });
  await expectPages(t, reader, addresses);
  await reader.close();
  await store.close();
});

t.test("a local database that is damaged or of another make is refused and kept", async (t) => {
  const place = newPlace();
  writeFileSync(
    place.database("here"),
    "this is not a database, but long enough to be one".repeat(400),
  );
  await t.rejects(place.open("here", {}, "create"), { code: "STORE_FAILED", message: /damaged/ });
  t.match(readFileSync(place.database("here"), "utf8"), /^this is not/);
  const other = new SqliteDatabase(place.database("there"));
  other.exec("CREATE TABLE things (name TEXT); PRAGMA user_version = 7;");
  other.close();
  await t.rejects(place.open("there", {}, "create"), {
    code: "STORE_FAILED",
    message: /move it away/,
  });
});

t.test("what a dead process left in the log is there, and more can be added", async (t) => {
  const path = join(directory, "dead.db");
  const dead = LocalDatabase.open(path);
  dead.transaction(() => dead.sql.exec("INSERT INTO doomed VALUES ('kept', NULL)"));
  const copy = `${path}.copy`;
  for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, copy + suffix);
  await dead.close();
  for (const count of [1, 2]) {
    const next = LocalDatabase.open(copy);
    t.equal(next.sql.prepare("SELECT COUNT(*) FROM doomed").pluck().get(), count);
    next.sql.exec(`INSERT INTO doomed VALUES ('${count}', NULL)`);
    await next.close();
  }
});

t.test("after a power loss, cached pages are fetched anew", async (t) => {
  const place = newPlace();
  const store = await place.open("here", {}, "create");
  store.seed(0, []);
  const addresses = await commitPages(store, 20);
  await store.flush();
  place.kill("here", "here.copy");
  const file = place.database("here.copy");
  const database = new SqliteDatabase(file);
  database.exec("UPDATE state SET boot = 'another'");
  database.close();
  writeFileSync(`${file}-pages`, new Uint8Array(statSync(`${file}-pages`).size));
  const copy = await place.open("here.copy");
  t.ok(copy.status().cachedBytes < 20 * 1000, "they were forgotten");
  await expectPages(t, copy, addresses);
  await copy.close();
  await store.close();
});

t.test("it publishes by itself: after a while, or when enough has gathered", async (t) => {
  const place = newPlace();
  const store = await place.open("here", { publishMs: 5000, publishBytes: 100_000 }, "create");
  store.seed(0, []);
  await commitPages(store, 1);
  place.timing.advance(4999);
  t.equal(store.status().pendingCommits, 1);
  place.timing.advance(1);
  await untilPublished(store);
  await commitPages(store, 101);
  await untilPublished(store);
  t.equal(store.status().publication, 3, "the first one twice");
  await store.close();
});

/** Waits, without a timer, until nothing is left to publish. */
async function untilPublished(store: SegmentStore): Promise<void> {
  while (store.status().pendingCommits > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, without a timer, until publication does not go on. */
async function untilProblem(store: SegmentStore): Promise<void> {
  while (store.status().problem === undefined)
    await new Promise((resolve) => setImmediate(resolve));
}

t.test("when the network is gone, work goes on until the local budget is used up", async (t) => {
  const place = newPlace();
  const objects = place.objects();
  const options = { objects, budgetBytes: 30 * STORED_PAGE_MAX, publishBytes: 1 };
  const store = await place.open("here", options, "create");
  store.seed(0, []);
  const first = await commitPages(store, 5, STORED_PAGE_MAX);
  await untilPublished(store);
  objects.fate = () => "before";
  const second = await commitPages(store, 20, STORED_PAGE_MAX);
  await untilProblem(store);
  t.match(store.status().problem, /failed as the test wished/);
  const out: number[] = [];
  t.throws(() => store.allocate(11, 1, out), { code: "STORE_FULL", message: /failed as the test/ });
  t.same(out, []);
  t.equal(store.space().freePages, 10);
  store.allocate(2, 0, out);
  t.equal(out.length, 2, "what a commit itself needs is always given");
  await expectPages(t, store, [...first, ...second], STORED_PAGE_MAX);
  await store.close();
  const offline = await place.open("here", options);
  await expectPages(t, offline, second, STORED_PAGE_MAX);
  await untilProblem(offline);
  t.same(offline.status().lease, { kind: "none" });
  objects.fate = () => "pass";
  await offline.flush();
  t.equal(offline.space().freePages, 30);
  await offline.close();
  place.forget("here");
  const again = await place.open("here");
  await expectPages(t, again, [...first, ...second], STORED_PAGE_MAX);
  await again.close();
});

t.test("publishing that was denied goes on by itself once it is allowed again", async (t) => {
  const place = newPlace();
  const objects = place.objects();
  const store = await place.open("here", { objects, publishMs: 5000 }, "create");
  store.seed(0, []);
  const troubled = new Promise((resolve) => {
    store.onTrouble = resolve;
  });
  objects.gate = async () => {
    throw new StoreError("STORE_DENIED", "the bot may not post here");
  };
  await commitPages(store, 1);
  place.timing.advance(5000);
  t.match(await troubled, { code: "STORE_DENIED" });
  await new Promise((resolve) => setImmediate(resolve));
  objects.gate = () => undefined;
  place.timing.advance(60_000);
  t.equal(store.status().pendingCommits, 1, "not at once");
  place.timing.advance(240_000);
  await untilPublished(store);
  await store.close();
});

t.test("flush waits while the network is gone, tells why, and can be given up", async (t) => {
  const place = newPlace();
  const objects = place.objects();
  const store = await place.open("here", { objects }, "create");
  store.seed(0, []);
  const addresses = await commitPages(store, 3);
  let failures = 0;
  objects.fate = () => (failures < 3 ? "before" : "pass");
  const told: (string | undefined)[] = [];
  await store.flush((progress) => {
    told.push(progress.problem);
    if (progress.problem === undefined) return;
    failures += 1;
    setImmediate(() => place.timing.advance(60_000));
  });
  t.ok(told.some((problem) => /failed as the test/.test(problem ?? "")));
  t.equal(store.status().pendingCommits, 0);
  objects.fate = () => "before";
  await commitPages(store, 1);
  const controller = new AbortController();
  const flushing = store.flush(() => controller.abort(), controller.signal);
  await t.rejects(flushing, { name: "AbortError" });
  t.equal(store.status().pendingCommits, 1, "and it is kept");
  await expectPages(t, store, addresses);
  await store.close();
});

t.test("objects get smaller when the service says so in the middle", async (t) => {
  const place = newPlace();
  const memory = new MemoryObjectStore({ contents: place.contents });
  const objects = new FaultObjectStore(memory);
  const store = await place.open("here", { objects, publishBytes: 2 ** 30 }, "create");
  store.seed(0, []);
  const addresses = await commitPages(store, 300, STORED_PAGE_MAX);
  objects.gate = ({ method }) => {
    if (method === "put" && objects.calls.put === 2) {
      memory.limits = { ...memory.limits, objectBytes: 1_000_000, recordBytes: 1_000_000 };
    }
    return undefined;
  };
  await store.flush();
  const kept = [...place.contents.objects.values()];
  t.equal(kept.filter(({ bytes }) => bytes.length > 1_000_000).length, 1, "the one before that");
  await store.close();
  place.forget("here");
  const again = await place.open("here");
  await expectPages(t, again, addresses, STORED_PAGE_MAX);
  await again.close();
});

t.test("the catalog of many commits is a checkpoint and what changed since", async (t) => {
  const place = newPlace();
  place.limits = { objectBytes: 12_000, recordBytes: 12_000 };
  const objects = place.objects();
  const store = await place.open("here", { objects }, "create");
  store.seed(0, []);
  const live: number[] = [];
  for (let i = 0; i < 150; i++) {
    const pages = await commitPages(store, 6, 1000 + i);
    // Every other page dies, so extents are short and have marks.
    store.release(pages.filter((_, n) => n % 2 === 0 && i % 3 === 0));
    live.push(...pages.filter((_, n) => n % 2 !== 0 || i % 3 !== 0));
    await store.flush();
  }
  t.ok((objects.calls.put ?? 0) >= 2, "checkpoints were put");
  await store.close();
  const reader = place.objects();
  const again = await place.open("new", { readOnly: true, objects: reader });
  t.ok(reader.total <= 6, `${reader.total} requests`);
  const pages = await again.read(live);
  t.ok(pages.every((page) => page instanceof Uint8Array));
  await again.close();
});
