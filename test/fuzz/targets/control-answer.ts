/** Target: what the process of a mount answers over its control socket, in pieces of any length. */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { changeLine } from "../../../src/cli/output/change-lines.ts";
import { mountReport } from "../../../src/cli/output/mount-report.ts";
import { WorkLine } from "../../../src/cli/output/work-line.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { DvaultError } from "../../../src/core/base/errors.ts";
import { readAnswer } from "../../../src/mount/control-answer.ts";
import { readLines } from "../../../src/mount/control-line.ts";
import type { ChangeRecord, ControlRequest } from "../../../src/mount/control-messages.ts";
import type { MountStatus } from "../../../src/mount/mount-status.ts";
import { errnoOf } from "../../../src/mount/protocol/errno.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { expect } from "../expect.ts";

const COUNTS = { pendingBytes: 0, pendingCommits: 0 };
const SNAPSHOT = { name: "a", time: "2026-01-01T00:00:00Z", generation: 1 };
const PROGRESS = { ...COUNTS, limitedMs: 0, movedBytes: 1, totalBytes: 2 };
const STATUS = {
  ...{ vault: "a", mountpoint: "/a", pid: 1, generation: 1, unsafeBytes: 0, readOnly: false },
  ...{
    driver: "kernel",
    since: SNAPSHOT.time,
    rotation: { state: "held", movedPages: 1, totalPages: 2 },
  },
  remote: {
    ...{ ...COUNTS, publication: 1, lease: { kind: "held", sinceMs: 1 }, cachedBytes: 0 },
    ...{ cacheBudgetBytes: 1, pendingBudgetBytes: 1, objects: 0, objectBytes: 0, liveBytes: 0 },
    traffic: { lanes: [{ name: "a", state: "failed", reason: "b" }], limitedMs: 0, stopped: "c" },
  },
};
const CLEANED = { rewritten: 0, movedBytes: 0, deleted: 0, orphans: 0, records: 0, unreadable: 0 };
const CHANGE = { kind: "moved", path: "/a", from: "/b" };

/** A result of everything that can be asked for. */
const RESULTS: Readonly<Record<ControlRequest["request"], unknown>> = {
  status: STATUS,
  sync: undefined,
  leave: undefined,
  flush: COUNTS,
  unmount: COUNTS,
  gc: CLEANED,
  snapshots: [SNAPSHOT],
  "create-snapshot": SNAPSHOT,
  "delete-snapshot": SNAPSHOT,
  "diff-snapshots": { isWhole: true },
  "restore-snapshot": { isDone: true },
  rotate: { isDone: true, movedPages: 0, lostPages: 0, heldBy: ["a"] },
};
const REQUESTS = Object.keys(RESULTS) as ControlRequest["request"][];
const line = new WorkLine({ stderr: { isTTY: true, columns: 80, write: () => true } as never });

/** Input: what was asked for, length of the pieces, then what comes. */
export const controlAnswerTarget: FuzzTarget = {
  name: "control-answer",
  files: [
    "src/mount/control-answer.ts",
    "src/core/base/json-shape.ts",
    "src/mount/control-line.ts",
  ],
  seeds: () => [
    ...REQUESTS.map((request, n) => said(n, { ok: true, result: RESULTS[request] })),
    said(REQUESTS.indexOf("gc"), { progress: PROGRESS }, { ok: true, result: CLEANED }),
    said(
      REQUESTS.indexOf("diff-snapshots"),
      { part: [CHANGE] },
      { ok: true, result: { isWhole: true } },
    ),
    said(0, { ok: false, code: "STORE_DOWN", message: "no" }),
  ],
  words: ['"__proto__":', "null", "{}", "[]", "1e999", "\n", '"ok":true', '"part":', '"progress":'],
  maxLength: 1024,
  async run(input) {
    const request = REQUESTS[(input[0] ?? 0) % REQUESTS.length] ?? "status";
    const size = 1 + (input[1] ?? 0);
    const pieces: Buffer[] = [];
    for (let at = 2; at < input.length; at += size) {
      pieces.push(Buffer.from(input.subarray(at, at + size)));
    }
    const stream = Readable.from(pieces, { objectMode: false });
    try {
      const lines = readLines(stream as unknown as Socket);
      check(request, await readAnswer(request, lines, (progress) => line.tell(progress)));
    } catch (error) {
      if (!(error instanceof DvaultError)) throw error;
      expect(errnoOf(error) > 0, `${error.code} is known`);
      expect(typeof error.message === "string", "a refusal says why");
    }
  },
};

function said(request: number, ...lines: readonly object[]): Uint8Array {
  const text = lines.map((value) => `${JSON.stringify(value)}\n`).join("");
  return Uint8Array.of(request, 15, ...utf8(text));
}

/** Shows a result as the command line does. */
function check(request: ControlRequest["request"], result: unknown): void {
  JSON.parse(JSON.stringify(result ?? null));
  if (request === "status") mountReport(result as MountStatus);
  const { changes = [] } = Object(result) as { readonly changes?: readonly ChangeRecord[] };
  for (const change of changes) changeLine(change);
}
