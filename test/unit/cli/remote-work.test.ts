/** Publishing and cleaning as whoever waits for it sees them, and the status of mounts. */
import { Writable } from "node:stream";
import t from "tap";
import type { Output } from "../../../src/cli/context.ts";
import { mountReport } from "../../../src/cli/output/mount-report.ts";
import { WorkLine } from "../../../src/cli/output/work-line.ts";
import { cleanUp, publishAll } from "../../../src/cli/remote-work.ts";
import type { WorkProgress } from "../../../src/mount/control-messages.ts";
import type { MountStatus, RemoteStatus } from "../../../src/mount/mount-status.ts";
import { testContext } from "../../support/cli-context.ts";
import { SegmentPlace } from "../../support/segment-place.ts";
import { createRounds, writeRound } from "../../support/segment-vault.ts";

/** A terminal that keeps what is written to it. */
function terminal(columns = 200): { readonly stderr: Output; readonly shown: () => string } {
  let text = "";
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stderr: Object.assign(stream, { isTTY: true, columns }), shown: () => text };
}

const waiting: WorkProgress = { pendingBytes: 3 * 2 ** 20, pendingCommits: 2, limitedMs: 0 };

t.test("a terminal shows how much is left, how fast it goes, and why it waits", async (t) => {
  let now = 0;
  const { stderr, shown } = terminal();
  const line = new WorkLine({ stderr }, () => now);
  line.tell(waiting);
  t.match(shown(), "publishing  3.0 MiB in 2 commits left");
  now = 2000;
  line.tell({ ...waiting, pendingBytes: 2 ** 20, pendingCommits: 1, limitedMs: 1600 });
  t.match(shown(), "1.0 MiB in 1 commit left  1.0 MiB/s  waited 2 s for limits");
  line.tell({ ...waiting, problem: "no network" });
  t.match(shown(), /no network/);
  line.tell({ ...waiting, movedBytes: 1024, totalBytes: 2048 });
  t.match(shown(), "cleaning  1.0 KiB of 2.0 KiB moved");
  line.clear();
  t.ok(shown().endsWith("\r\x1b[K"));
  const length = shown().length;
  line.clear();
  t.equal(shown().length, length, "a line that is gone is not cleared again");
});

t.test("where there is no terminal, each reason for waiting is told once", async (t) => {
  const context = testContext();
  const line = new WorkLine(context);
  line.tell(waiting);
  t.equal(context.err(), "");
  line.tell({ ...waiting, problem: "no network" });
  line.tell({ ...waiting, problem: "no network" });
  line.tell({ ...waiting, problem: "no network", stopped: "too many refusals" });
  line.clear();
  const lines = context.err().trimEnd().split("\n");
  t.equal(lines.length, 2);
  t.match(lines[0], /no network/);
  t.match(lines[1], /too many refusals/);
});

t.test("publishing tells how far it is, and leaves the rest to whoever goes on", async (t) => {
  const place = new SegmentPlace(t.testdir());
  const objects = place.objects();
  const { vault, store } = await createRounds(place, "a", { objects });
  const told: WorkProgress[] = [];
  const asker = { signal: new AbortController().signal, tell: (p: WorkProgress) => told.push(p) };
  t.match(await publishAll(store, asker), { pendingBytes: 0, pendingCommits: 0 });
  t.ok((told[0]?.pendingCommits ?? 0) > 0);
  t.match(told.at(-1), { pendingBytes: 0, pendingCommits: 0, limitedMs: 0 });

  await writeRound(vault, 1);
  objects.fate = () => "before";
  const leaving = new AbortController();
  const left = publishAll(store, { signal: leaving.signal, tell: () => leaving.abort() });
  t.match(await left, { pendingCommits: 1 }, "who goes at once is told what is left");
  const later = new AbortController();
  const stuck = publishAll(store, { signal: later.signal, tell: () => {} });
  await new Promise((resolve) => setImmediate(resolve));
  later.abort();
  t.match(await stuck, { pendingCommits: 1 });

  objects.fate = () => "pass";
  const report = await cleanUp(store, true, asker);
  t.match(report, { rewritten: Number, unreadable: 0 });
  t.equal(store.status().pendingCommits, 0, "cleaning publishes first");
  await vault.close();
});

t.test("what is committed while the rest is published is nothing that was left", async (t) => {
  const place = new SegmentPlace(t.testdir());
  const objects = place.objects();
  const { vault, store } = await createRounds(place, "a", { objects });
  objects.gate = ({ method }) => {
    if (method !== "append") return undefined;
    objects.gate = () => undefined;
    return writeRound(vault, 1);
  };
  const asker = { signal: new AbortController().signal, tell: () => {} };
  t.same(await publishAll(store, asker), { pendingBytes: 0, pendingCommits: 0 });
  t.ok(store.status().pendingCommits > 0);
  await vault.close();
});

const mount: MountStatus = {
  vault: "dir:/place",
  mountpoint: "/mnt",
  pid: 7,
  generation: 12,
  unsafeBytes: 0,
  readOnly: false,
  driver: "kernel",
  since: "2026-01-01T00:00:00.000Z",
};

const remote: RemoteStatus = {
  pendingBytes: 0,
  pendingCommits: 0,
  publication: 9,
  lease: { kind: "held", sinceMs: 0 },
  cachedBytes: 1024,
  cacheBudgetBytes: 2 ** 30,
  pendingBudgetBytes: 2 ** 32,
  objects: 3,
  objectBytes: 4096,
  liveBytes: 2048,
  traffic: { lanes: [], limitedMs: 0 },
};

/** The report as one text. */
function report(status: MountStatus): string {
  return mountReport(status)
    .map((part) => (typeof part === "string" ? part : Buffer.from(part).toString()))
    .join("");
}

t.test("a mount is reported as a fact a line, with aligned beginnings", async (t) => {
  t.equal(
    report(mount),
    [
      "/mnt",
      "  vault     dir:/place",
      "  mounted   read-write, process 7, since 2026-01-01T00:00:00.000Z",
      "  local     everything safe, commit 12",
    ].join("\n"),
  );
  t.match(report({ ...mount, unsafeBytes: 2048 }), "2.0 KiB not yet safe");
  t.equal(
    report({ ...mount, remote })
      .split("\n")
      .slice(4)
      .join("\n"),
    [
      "  remote    everything published, publication 9",
      "  lease     held since 1970-01-01T00:00:00.000Z",
      "  cache     1.0 KiB of 1.0 GiB",
      "  objects   3 with 4.0 KiB, 2.0 KiB of them in use",
    ].join("\n"),
  );
});

t.test("what hinders publishing is reported in words", async (t) => {
  const lanes = [
    { name: "#a", state: "ready" },
    { name: "hook", state: "failed", reason: "revoked" },
  ] as const;
  const troubled: RemoteStatus = {
    ...remote,
    pendingBytes: 1024,
    pendingCommits: 1,
    problem: "refused",
    lease: { kind: "lost", to: "desk" },
    traffic: { lanes, limitedMs: 5400 },
  };
  const text = report({ ...mount, remote: troubled });
  t.match(text, "remote    1.0 KiB in 1 commit not yet published, room for 4.0 GiB");
  t.match(text, "problem   refused");
  t.match(text, "lanes     #a ready, hook failed (revoked)");
  t.match(text, "limits    waited 5 s for the service");
  t.match(text, "lease     lost to desk; changes stay on this machine");
  const traffic = { ...troubled.traffic, stopped: "too many refusals" };
  t.match(report({ ...mount, remote: { ...troubled, traffic } }), "stopped   too many refusals");
  const none = report({ ...mount, remote: { ...remote, lease: { kind: "none" } } });
  t.match(none, "lease     not held yet");
  t.notMatch(report({ ...mount, readOnly: true, remote }), "lease");
});
