/** Target: records of a directory store. */
import { decodeRecordFile, encodeRecordFile } from "../../../src/stores/objects/record-file.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectSame } from "../expect.ts";
import { alsoSummed } from "../input.ts";

/** Also with the checksum put right. */
export const recordFileTarget: FuzzTarget = {
  name: "record-file",
  files: ["src/stores/objects/record-file.ts"],
  seeds: () => [
    encodeRecordFile({ kind: "lease", timeMs: 9, body: Uint8Array.of(1), attachments: [3, 4] }),
  ],
  maxLength: 512,
  run: alsoSummed(check),
};

function check(input: Uint8Array): void {
  const record = accepted(["RECORD_MALFORMED"], () => decodeRecordFile(input));
  if (record === undefined) return;
  expectSafe({ timeMs: record.timeMs });
  expectSame(encodeRecordFile(record), input);
}
