/** Target: pages of a log, in their order, and the drafts of their entries (FORMAT.md §5.4). */
import { concatBytes } from "../../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../../src/core/base/limits.ts";
import { encodeChanges, encodeLogPages, LogReader } from "../../../src/core/format/log-entry.ts";
import { LOG_ID_SIZE } from "../../../src/core/format/log-place.ts";
import { decodeDraftRecords, encodeDraftRecord } from "../../../src/core/fs/draft-records.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame } from "../expect.ts";
import { asPart, Input } from "../input.ts";

const CODES = ["RECORD_MALFORMED"] as const;
const newRoom = (size: number): Uint8Array => new Uint8Array(size);
const id = new Uint8Array(LOG_ID_SIZE).fill(7);

/** Input: the pages, without the id of the log, each with its length. */
export const logPagesTarget: FuzzTarget = {
  name: "log-pages",
  files: ["src/core/format/log-entry.ts", "src/core/fs/draft-records.ts"],
  seeds() {
    const entry = encodeChanges({
      ...{ nextIno: 9, inodes: 4 },
      changes: [
        { key: Uint8Array.of(1, 2, 3), value: Uint8Array.of(4, 5) },
        { key: Uint8Array.of(9), value: undefined },
      ],
      released: [{ address: 130, generation: 3 }],
    });
    const written = {
      kind: "written",
      ino: 3,
      block: 2,
      isFirst: true,
      isUnmapped: false,
    } as const;
    const part = { kind: "part", ino: 3, block: 8, isFirst: false } as const;
    const drafts = [
      ...encodeDraftRecord({ ...written, length: 9, from: 4, part: Uint8Array.of(1, 2, 3) }),
      ...encodeDraftRecord({ kind: "gone", ino: 3, block: 7 }),
      ...encodeDraftRecord({ ...part, from: 65_533, part: Uint8Array.of(4, 5, 6) }),
    ];
    const pages = encodeLogPages(id, [entry, ...drafts], newRoom);
    return [concatBytes(...pages.map((page) => asPart(page.slice(LOG_ID_SIZE))))];
  },
  run(bytes) {
    const input = new Input(bytes);
    const reader = new LogReader(id);
    while (!input.isAtEnd) {
      const entry = accepted(CODES, () => reader.next(concatBytes(id, input.part())));
      if (entry === undefined) return;
      if (entry === "more") continue;
      const { nextIno, inodes, changes, released, drafts } = entry;
      expectSafe({ nextIno, inodes });
      checkDrafts(drafts);
      const changed = encodeChanges({ nextIno, inodes, changes, released });
      const pages = encodeLogPages(id, [changed, drafts], newRoom);
      const again = new LogReader(id);
      expectSame(pages.map((page) => again.next(page)).at(-1), entry);
    }
  },
};

function checkDrafts(drafts: Uint8Array): void {
  const records = accepted(CODES, () => [...decodeDraftRecords(drafts)]);
  for (const record of records ?? []) {
    expectSafe({ ino: record.ino, block: record.block });
    if (record.kind !== "gone") {
      const length = record.kind === "written" ? record.length : PAGE_SIZE;
      expect(record.from + record.part.length <= length, "the part is in its block");
    }
    expectSame([...decodeDraftRecords(concatBytes(...encodeDraftRecord(record)))], [record]);
  }
}
