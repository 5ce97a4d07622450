import { spawnSync } from "node:child_process";
/**
 * Who may write, and which commits count: by the log alone, and by two machines that share one.
 *
 * @module
 */
import { join } from "node:path";
import t from "tap";
import { StoreError } from "../../../src/core/base/errors.ts";
import type { LogRecord, NewRecord } from "../../../src/stores/objects/object-store.ts";
import type { Claim } from "../../../src/stores/segments/format/claim.ts";
import { encodeCommitRecord } from "../../../src/stores/segments/format/commit-record.ts";
import {
  encodeLeaseRecord,
  type LeaseAction,
} from "../../../src/stores/segments/format/lease-record.ts";
import { viewLog } from "../../../src/stores/segments/format/log-view.ts";
import { isRunning, machineId } from "../../../src/stores/segments/this-machine.ts";
import { hostOf, SegmentPlace } from "../../support/segment-place.ts";
import { createRounds, openRounds, readRound, writeRound } from "../../support/segment-vault.ts";

const LEASE_MS = 600_000;
const directory = t.testdir();
let made = 0;

function newPlace(): SegmentPlace {
  return new SegmentPlace(join(directory, `${++made}`));
}

/** A log that is written down: `who` is one letter. */
class Log {
  readonly records: LogRecord[] = [];

  #add(kind: LogRecord["kind"], body: Uint8Array, timeMs: number): string {
    const position = String(this.records.length + 1).padStart(4, "0");
    this.records.push({ position, kind, body, attachments: [], timeMs });
    return position;
  }

  lease(who: string, action: LeaseAction, timeMs: number, token = ""): string {
    return this.#add("lease", encodeLeaseRecord({ action, claim: claimOf(who, token) }), timeMs);
  }

  commit(who: string, publication: number, timeMs: number, token: string): string {
    const change = { attachment: 0, offset: 0, length: 0 };
    const header = new Uint8Array(156);
    const claim = claimOf(who, token);
    const body = encodeCommitRecord({ claim, publication, sequence: 1, change, header });
    return this.#add("commit", body, timeMs);
  }

  view(without: readonly string[] = []) {
    const records = this.records.filter(({ position }) => !without.includes(position));
    const view = viewLog(records.reverse());
    return {
      commits: view.commits.map(({ record }) => record.position),
      holder: view.holder?.claim.host,
      idleLeases: view.idleLeases,
      idleCommits: view.idleCommits,
    };
  }
}

function claimOf(who: string, token: string): Claim {
  const writer = who.charCodeAt(0).toString(16).repeat(16);
  return {
    writer,
    token,
    leaseMs: LEASE_MS,
    machine: "00".repeat(8),
    pid: 1,
    sinceMs: 0,
    host: who,
  };
}

t.test("the first claim is granted, the second refused until the lease has run out", async (t) => {
  const log = new Log();
  const token = log.lease("a", "hold", 1000);
  const refused = log.lease("b", "hold", 2000);
  t.match(log.view(), { holder: "a", idleLeases: [refused] });
  const commit = log.commit("a", 1, 5000, token);
  const early = log.lease("b", "hold", 5000 + LEASE_MS);
  t.match(log.view(), { holder: "a", commits: [commit], idleLeases: [refused, early] });
  log.lease("b", "hold", 5001 + LEASE_MS);
  t.match(log.view(), { holder: "b" });
});

t.test("a commit that comes after the lease was taken over does not count", async (t) => {
  const log = new Log();
  const first = log.lease("a", "hold", 1000);
  const good = log.commit("a", 1, 2000, first);
  const second = log.lease("b", "take over", 3000);
  const late = log.commit("a", 2, 4000, first);
  t.match(log.view(), { holder: "b", commits: [good], idleCommits: [late] });
  const next = log.commit("b", 2, 5000, second);
  t.same(log.view().commits, [next, good]);
  const [, , , , last] = log.records;
  t.same(
    viewLog([last as LogRecord]).commits.length,
    1,
    "the newest is believed without the others",
  );
});

t.test("a commit that arrives twice counts once", async (t) => {
  const log = new Log();
  const token = log.lease("a", "hold", 1000);
  const first = log.commit("a", 1, 2000, token);
  const ghost = log.commit("a", 1, 3000, token);
  t.match(log.view(), { commits: [first], idleCommits: [ghost] });
});

t.test("a lease that was given back is free, and the same writer gets its own again", async (t) => {
  const log = new Log();
  const token = log.lease("a", "hold", 1000);
  log.lease("a", "release", 2000, token);
  t.equal(log.view().holder, undefined);
  const next = log.lease("b", "hold", 2001);
  t.equal(log.view().holder, "b");
  log.lease("b", "hold", 2002);
  t.match(log.view(), { holder: "b", idleLeases: ["0001", "0002", next] });
});

t.test("records nobody can read are stepped over, those of a newer program are not", async (t) => {
  const log = new Log();
  const token = log.lease("a", "hold", 1000);
  const commit = log.commit("a", 1, 2000, token);
  const foreign = { position: "9998", attachments: [], timeMs: 1, kind: "commit" } as const;
  const body = new Uint8Array([1, 2, 3]);
  t.equal(viewLog([{ ...foreign, body }, ...[...log.records].reverse()]).commits.length, 1);
  const newer = { ...foreign, body: new Uint8Array([2]) };
  t.throws(() => viewLog([newer, ...[...log.records].reverse()]), { code: "VERSION_UNKNOWN" });
  t.ok(commit);
});

t.test(
  "a second machine is told who writes, and may come when the lease has run out",
  async (t) => {
    const place = newPlace();
    const first = await createRounds(place, "desk");
    await first.store.flush();
    await t.rejects(place.open("lap"), {
      code: "STORE_BUSY",
      message: /by desk \(process 1, since 2/,
    });
    t.equal(place.contents.records.length, 3, "a refused claim is removed");
    place.timing.advance(LEASE_MS / 3 + 1);
    await new Promise((resolve) => setImmediate(resolve));
    place.timing.advance(LEASE_MS / 2);
    await t.rejects(place.open("lap"), { code: "STORE_BUSY" }, "it was renewed");
    await first.vault.abandon();
    const second = await openRounds(place, "lap");
    t.equal(await readRound(second.vault), 0, "an orderly end gives the lease back");
    await second.vault.close();
  },
);

t.test("the lease of a process that ended on this machine is free at once", async (t) => {
  const place = newPlace();
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const ended = { ...hostOf("desk"), pid };
  const first = await createRounds(place, "desk", { host: ended });
  await first.store.flush();
  await writeRound(first.vault, 1);
  await t.rejects(place.open("lap", { host: { ...ended, machine: hostOf("lap").machine } }), {
    code: "STORE_BUSY",
  });
  const unknown = { ...ended, machine: "0".repeat(16) };
  await t.rejects(place.open("lap", { host: unknown }), { code: "STORE_BUSY" });
  const second = await openRounds(place, "desk.after", { host: { ...ended, pid: 1 } });
  t.equal(await readRound(second.vault), 0);
  await t.rejects(first.store.flush(), { code: "STORE_BUSY" }, "what comes late does not count");
  const third = { ...ended, pid: process.pid };
  await t.rejects(place.open("lap", { host: third }), { code: "STORE_BUSY" }, "process 1 runs");
  await second.vault.close();
  await first.vault.abandon();
});

t.test("a machine is named once it runs, and a process is found by its number", (t) => {
  t.match(machineId(), /^[0-9a-f]{16}$/);
  t.equal(machineId(), machineId());
  t.ok(isRunning(process.pid));
  t.ok(isRunning(1), "another user's, too");
  t.notOk(isRunning(spawnSync(process.execPath, ["--version"]).pid));
  t.end();
});

t.test(
  "a writer that lost the lease stops publishing, keeps its commits and says so",
  async (t) => {
    const place = newPlace();
    const desk = await createRounds(place, "desk");
    await desk.store.flush();
    const lap = await openRounds(place, "lap", { takeOver: true });
    await writeRound(lap.vault, 1);
    await lap.store.flush();
    await writeRound(desk.vault, 1);
    await t.rejects(desk.store.flush(), { code: "STORE_BUSY", message: /by lap/ });
    t.match(desk.store.status(), {
      lease: { kind: "lost", to: /lap/ },
      pendingCommits: 1,
      problem: /open for writing by lap/,
    });
    await writeRound(desk.vault, 2);
    t.equal(await readRound(desk.vault), 2, "it goes on locally");
    await desk.vault.close();
    await lap.vault.close();
    const conflict = { code: "COMMIT_CONFLICT", message: /2 local commits/ };
    await t.rejects(openRounds(place, "desk"), conflict);
    const again = await openRounds(place, "desk", { onConflict: "discard" });
    t.equal(await readRound(again.vault), 1);
    await writeRound(again.vault, 2);
    await again.store.flush();
    await again.vault.close();
    const fresh = await openRounds(place, "new", { readOnly: true });
    t.equal(await readRound(fresh.vault), 2);
    await fresh.vault.close();
  },
);

t.test("a reader follows the writer's commits", async (t) => {
  const place = newPlace();
  const writer = await createRounds(place, "desk");
  await writer.store.flush();
  const store = await place.open("lap", { readOnly: true });
  t.equal(await store.refresh(), false);
  const before = store.readHeaders()[0];
  await writeRound(writer.vault, 1);
  t.equal(await store.refresh(), false, "a local commit is not for others");
  await writer.store.flush();
  t.equal(await store.refresh(), true);
  t.notSame(store.readHeaders()[0], before);
  await store.close();
  const again = await openRounds(place, "lap", { readOnly: true });
  t.equal(await readRound(again.vault), 1);
  await t.rejects(writeRound(again.vault, 2), { code: "VAULT_READ_ONLY" });
  await again.vault.close();
  await writer.vault.close();
});

t.test("a place with another vault is refused, a vault is never overwritten", async (t) => {
  const [one, two] = [newPlace(), newPlace()];
  for (const place of [one, two]) {
    const { vault, store } = await createRounds(place, "desk");
    await store.flush();
    await vault.close();
  }
  const objects = two.objects();
  await t.rejects(one.open("desk", { objects }), {
    code: "STORE_EXISTS",
    message: /another vault/,
  });
  await t.rejects(one.open("lap", {}, "create"), { code: "STORE_EXISTS" });
  await t.rejects(newPlace().open("desk"), { code: "STORE_MISSING" });
  const again = await openRounds(one, "desk");
  t.equal(await readRound(again.vault), 0);
  await again.vault.close();
});

for (const order of ["before", "after"] as const) {
  t.test(
    `a record that arrives late, ${order} the one sent instead, counts at most once`,
    async (t) => {
      const place = newPlace();
      const objects = place.objects();
      const { vault, store } = await createRounds(place, "desk", { objects });
      const append = objects.append.bind(objects);
      let late: NewRecord | undefined;
      objects.append = async (record) => {
        if (record.kind !== "commit") return append(record);
        if (late === undefined) {
          late = record;
          throw new StoreError("STORE_DOWN", "no answer");
        }
        const ghost = late;
        objects.append = append;
        if (order === "before") await append(ghost);
        const appended = await append(record);
        if (order === "after") await append(ghost);
        return appended;
      };
      const controller = new AbortController();
      await t.rejects(store.flush(() => controller.abort(), controller.signal));
      await writeRound(vault, 1);
      await store.flush();
      await writeRound(vault, 2);
      await store.flush();
      t.equal(store.status().pendingCommits, 0);
      await vault.close();
      const fresh = await openRounds(place, "new", { readOnly: true });
      t.equal(await readRound(fresh.vault), 2);
      await fresh.vault.close();
    },
  );
}
