/**
 * A whole vault on a segment store.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { LocalDatabase } from "../../../src/stores/segments/local/database.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { createRounds, openRounds, readRound, writeRound } from "../../support/segment-vault.ts";
import { newFile, newFileSystem, readBytes } from "../../support/test-file-system.ts";
import { createTestVault, openTestVault } from "../../support/test-vault.ts";

const directory = t.testdir();
let made = 0;

function newPlace(): SegmentPlace {
  return new SegmentPlace(join(directory, `${++made}`));
}

t.test("a vault is flushed, and opened with four requests on a new machine", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "first");
  for (let round = 1; round < 50; round++) await writeRound(vault, round);
  await store.flush();
  await vault.close();
  const objects = place.objects();
  const again = await openRounds(place, "second", { objects });
  t.equal(await readRound(again.vault), 49);
  t.ok(objects.total <= 4, `${objects.total} requests`);
  await again.vault.close();
});

t.test("opening again with the local state costs a claim and a look at the log", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "here");
  await store.flush();
  await vault.close();
  const objects = place.objects();
  const again = await openRounds(place, "here", { objects });
  t.equal(await readRound(again.vault), 0);
  t.same(objects.calls, { append: 1, records: 1 });
  t.equal(again.store.status().pendingCommits, 0, "opening commits nothing");
  await again.vault.close();
});

t.test("a copy on this machine that does not open is fetched anew", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "first");
  await store.flush();
  await vault.close();
  const pages = `${place.database("second")}-pages`;
  for (let turn = 0; turn < 2; turn++) {
    const again = await openRounds(place, "second");
    t.equal(await readRound(again.vault), 0);
    await again.vault.close();
    writeFileSync(pages, readFileSync(pages).fill(7));
  }
  const objects = place.objects();
  const again = await openRounds(place, "second", { objects });
  t.equal(await readRound(again.vault), 0);
  t.ok(objects.total > 2, "the copies were damaged indeed");
  await again.vault.close();
});

t.test("a file in two pieces of one pack reads right where nothing of it is", async (t) => {
  const place = newPlace();
  const store = await place.open("first", {}, "create");
  const vault = await createTestVault(store);
  const fs = await newFileSystem(vault);
  const { ino } = await newFile(fs, "f");
  const content = Buffer.alloc(2 * PAGE_SIZE + 5000);
  content.fill("head", 0, 3000).fill("tail", 2 * PAGE_SIZE);
  await fs.write(ino, 0, content.subarray(0, 3000));
  await fs.write(ino, 2 * PAGE_SIZE, content.subarray(2 * PAGE_SIZE));
  await fs.fsync(ino);
  // The newest pages come along with the catalog, so this is not to be among them.
  for (let n = 0; n < 20; n++) {
    const other = await newFile(fs, `${n}`);
    await fs.write(other.ino, 0, new Uint8Array(PAGE_SIZE).fill(n + 1));
  }
  await vault.commit();
  await store.flush();
  await vault.close();
  const there = await place.open("second");
  const again = await openTestVault(there);
  const found = await readBytes(await newFileSystem(again), ino);
  t.ok(content.equals(found));
  await again.close();
});

t.test("killed at any time, the vault is at its newest local commit", async (t) => {
  const place = newPlace();
  const { vault, store } = await createRounds(place, "here");
  for (let round = 1; round < 8; round++) {
    await writeRound(vault, round);
    if (round % 3 === 0) await store.flush();
    // Written, not committed: gone after a kill.
    vault.addPages([
      { pageClass: "data", owner: { ino: 9, block: 9 }, payload: new Uint8Array(60_000) },
    ]);
    place.kill("here", "here.copy");
    const { vault: copy } = await openRounds(place, "here.copy", { readOnly: true });
    t.equal(await readRound(copy), round);
    await copy.close();
  }
  await vault.abandon();
});

/** What happens between two kills: rounds, flushes and cleaning, in turn. */
async function work(
  { vault, store }: Awaited<ReturnType<typeof createRounds>>,
  from: number,
  known: { committed: number; flushed: number },
): Promise<void> {
  for (let round = from; round < from + 6; round++) {
    await writeRound(vault, round);
    known.committed = round;
    if (round % 2 === 0) {
      await store.flush(undefined, AbortSignal.any([]));
      known.flushed = round;
    }
  }
  await store.gc({ targetLiveShare: 0.9, orphanMs: 0, keepCommits: 2 });
}

for (const fate of ["before", "after"] as const) {
  t.test(`the network ends ${fate} any request took effect: nothing is lost`, async (t) => {
    let number = 0;
    for (let isDone = false; !isDone; ) {
      number += 1;
      const place = newPlace();
      place.limits = { objectBytes: 70_000, recordBytes: 70_000 };
      const objects = place.objects();
      const known = { committed: 0, flushed: -1 };
      const rounds = await createRounds(place, "here", { objects });
      const first = objects.total;
      // From this request on there is no network, and whoever waits for it gives up.
      const controller = new AbortController();
      objects.fate = (call) => {
        if (call.number < first + number) return "pass";
        controller.abort();
        return call.number === first + number ? fate : "before";
      };
      rounds.store.flush = (
        (flush) => () =>
          flush.call(rounds.store, undefined, controller.signal)
      )(rounds.store.flush);
      try {
        await work(rounds, 1, known);
        isDone = true;
      } catch (error) {
        t.match(error, /failed as the test wished|abort/i);
      }
      place.kill("here", "here.copy");
      const lost = await openRounds(place, "new", { takeOver: true, readOnly: true }).catch(
        (error: { code?: string }) => error.code,
      );
      if (typeof lost === "object") {
        const round = await readRound(lost.vault);
        const isAllowed = round >= known.flushed && round <= known.committed;
        if (!isAllowed) t.fail(`request ${number}: remote at ${round}, ${JSON.stringify(known)}`);
        await lost.vault.close();
      } else {
        t.equal(lost, "STORE_MISSING");
        t.equal(known.flushed, -1);
      }
      const copy = await openRounds(place, "here.copy");
      if ((await readRound(copy.vault)) !== known.committed) t.fail(`request ${number}: local`);
      await work(copy, known.committed + 1, known);
      await copy.vault.close();
      place.forget("new");
      const fresh = await openRounds(place, "new", { readOnly: true });
      if ((await readRound(fresh.vault)) !== known.committed) t.fail(`request ${number}: remote`);
      await fresh.vault.close();
      await rounds.vault.abandon();
    }
    t.ok(number >= 15, `${number} requests were ended`);
  });
}

t.test(
  "any transaction of the local database fails: nothing that was committed is lost",
  async (t) => {
    const { transaction } = LocalDatabase.prototype;
    t.teardown(() => {
      LocalDatabase.prototype.transaction = transaction;
    });
    let number = 0;
    for (let isDone = false; !isDone; ) {
      number += 1;
      const place = newPlace();
      place.limits = { objectBytes: 70_000, recordBytes: 70_000 };
      const known = { committed: 0, flushed: -1 };
      const rounds = await createRounds(place, "here");
      let count = 0;
      LocalDatabase.prototype.transaction = function <T>(this: LocalDatabase, body: () => T): T {
        const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
        const fails = ++count === number;
        const failing = (): T => {
          body();
          throw full;
        };
        return transaction.call(this, fails ? failing : body) as T;
      };
      try {
        await work(rounds, 1, known);
        isDone = true;
      } catch (error) {
        t.match(error, { code: /STORE_FULL|VAULT_FAILED/ });
      }
      LocalDatabase.prototype.transaction = transaction;
      place.kill("here", "here.copy");
      const copy = await openRounds(place, "here.copy");
      if ((await readRound(copy.vault)) !== known.committed) t.fail(`transaction ${number}: local`);
      await work(copy, known.committed + 1, known);
      await copy.vault.close();
      const fresh = await openRounds(place, "new", { readOnly: true });
      if ((await readRound(fresh.vault)) !== known.committed)
        t.fail(`transaction ${number}: remote`);
      await fresh.vault.close();
      await rounds.vault.abandon();
    }
    t.ok(number > 20, `${number} transactions failed`);
  },
);
