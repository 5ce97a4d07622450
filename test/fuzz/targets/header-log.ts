/** Target: records of the header log, and what they say together (FORMAT.md §8.4). */
import { concatBytes } from "../../../src/core/base/bytes.ts";
import type { LogRecord } from "../../../src/stores/objects/object-store.ts";
import {
  decodeCommitRecord,
  encodeCommitRecord,
} from "../../../src/stores/segments/format/commit-record.ts";
import {
  decodeLeaseRecord,
  encodeLeaseRecord,
} from "../../../src/stores/segments/format/lease-record.ts";
import { viewLog } from "../../../src/stores/segments/format/log-view.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame } from "../expect.ts";
import { asPart, Input } from "../input.ts";
import { CLAIM } from "./claim.ts";

const CODES = ["RECORD_MALFORMED", "VERSION_UNKNOWN"] as const;
const LEASE = 1;

/** Input: records, oldest first: 1 a lease or else a commit, server time, body with its length. */
export const headerLogTarget: FuzzTarget = {
  name: "header-log",
  files: ["commit-record", "lease-record", "claim", "log-view"].map(
    (name) => `src/stores/segments/format/${name}.ts`,
  ),
  seeds() {
    const change = { attachment: 0, offset: 90, length: 40 };
    const numbers = { publication: 3, sequence: 9, change };
    const commit = encodeCommitRecord({ claim: CLAIM, ...numbers, header: new Uint8Array(9) });
    const leases = (["hold", "take over", "release"] as const).map((action) =>
      encodeLeaseRecord({ action, claim: { ...CLAIM, token: action === "hold" ? "" : "7" } }),
    );
    const records = [leases[0], commit, ...leases.slice(1), commit].map((body) =>
      concatBytes(Uint8Array.of(body === commit ? 0 : LEASE, 0, 1), asPart(body ?? commit)),
    );
    return [...records, concatBytes(...records)];
  },
  run(bytes) {
    const input = new Input(bytes);
    const records: LogRecord[] = [];
    for (let n = 0; !input.isAtEnd && n < 32; n++) {
      const kind = input.u8() === LEASE ? "lease" : "commit";
      const timeMs = input.u16();
      records.unshift({
        position: `${n}`.padStart(4, "0"),
        kind,
        timeMs,
        body: input.part(),
        attachments: [],
      });
    }
    for (const record of records) checkRecord(record);
    const view = accepted(["VERSION_UNKNOWN"], () => viewLog(records));
    if (view === undefined) return;
    const counts = view.commits.map(({ commit }) => commit.publication);
    expectSame(
      counts,
      [...new Set(counts)].sort((a, b) => b - a),
    );
    expect(view.holder === undefined || view.holder.expiresMs >= 0, "the lease ends");
  },
};

function checkRecord({ kind, body }: LogRecord): void {
  if (kind === "lease") {
    const lease = accepted(CODES, () => decodeLeaseRecord(body));
    if (lease === undefined) return;
    const again = decodeLeaseRecord(encodeLeaseRecord(lease));
    expectSame(again, { ...lease, claim: { ...lease.claim, host: again.claim.host } });
    return;
  }
  const commit = accepted(CODES, () => decodeCommitRecord(body));
  if (commit === undefined) return;
  const { publication, sequence, change, claim } = commit;
  expectSafe({ publication, sequence, ...change, pid: claim.pid, sinceMs: claim.sinceMs });
  const again = decodeCommitRecord(encodeCommitRecord(commit));
  expectSame(again, { ...commit, claim: { ...claim, host: again.claim.host } });
}
