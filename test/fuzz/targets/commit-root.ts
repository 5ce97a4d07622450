/** Target: the commit root (FORMAT.md §5.1), with the place of the log (§5.4). */
import { isAddress } from "../../../src/core/format/address.ts";
import { decodeCommitRoot, encodeCommitRoot } from "../../../src/core/format/commit-root.ts";
import type { LogPlace } from "../../../src/core/format/log-place.ts";
import { loadVector } from "../../support/vectors.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame, expectTime } from "../expect.ts";

/** Pages of a log up to which all are compared: few bytes say many. */
const COMPARED_MAX = 1000;

const LOG: LogPlace = {
  id: new Uint8Array(16),
  generation: 3,
  pages: [3, 4, 5, 9, 10, 11],
  first: 3,
  count: 3,
  isApplied: true,
};

export const commitRootTarget: FuzzTarget = {
  name: "commit-root",
  files: ["src/core/format/commit-root.ts", "src/core/format/log-place.ts"],
  seeds() {
    const { roots } = loadVector<{ roots: readonly { payload: Uint8Array }[] }>("commit-root");
    const payloads = roots.map(({ payload }) => payload);
    const root = decodeCommitRoot(payloads[0] as Uint8Array);
    return [...payloads, encodeCommitRoot({ ...root, log: LOG })];
  },
  bytesPerByte: 2048,
  run(input) {
    const root = accepted(["RECORD_MALFORMED", "VERSION_UNKNOWN"], () => decodeCommitRoot(input));
    if (root === undefined) return;
    const { generation, nextIno, inodes, pagesInUse, end, epoch, sealed, time, log } = root;
    expectSafe({ generation, nextIno, inodes, pagesInUse, end, epoch, sealed });
    expectTime(time);
    if (log !== undefined) checkLog(log);
    if ((log?.pages.length ?? 0) > COMPARED_MAX) return;
    expectSame(decodeCommitRoot(encodeCommitRoot(root)), root);
  },
};

function checkLog({ pages, first, count }: LogPlace): void {
  expect(first + count <= pages.length, "the log stands in its pages");
  const ends = [...pages.slice(0, 9), ...pages.slice(-9)];
  expect(ends.every(isAddress), "pages of the log have addresses");
}
