/** Target: records of a directory store. */
import { putU32 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import { decodeRecordFile, encodeRecordFile } from "../../../src/stores/objects/record-file.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectSame } from "../expect.ts";

const CHECKSUM_SIZE = 4;

/** Also with the checksum put right. */
export const recordFileTarget: FuzzTarget = {
  name: "record-file",
  files: ["src/stores/objects/record-file.ts"],
  seeds: () => [
    encodeRecordFile({ kind: "lease", timeMs: 9, body: Uint8Array.of(1), attachments: [3, 4] }),
  ],
  maxLength: 512,
  run(input) {
    check(input);
    const end = input.length - CHECKSUM_SIZE;
    if (end < 0) return;
    putU32(input, end, crc32c(input, 0, end));
    check(input);
  },
};

function check(input: Uint8Array): void {
  const record = accepted(["RECORD_MALFORMED"], () => decodeRecordFile(input));
  if (record === undefined) return;
  expectSafe({ timeMs: record.timeMs });
  expectSame(encodeRecordFile(record), input);
}
