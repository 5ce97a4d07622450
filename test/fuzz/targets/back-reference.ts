/** Target: back references (FORMAT.md §7.4, §7.7) and marks of pages that came back (§7.8). */
import {
  decodeReferenceKey,
  referenceCount,
  referenceKey,
  referenceValue,
} from "../../../src/core/fs/check/back-reference.ts";
import { returnedIn } from "../../../src/core/fs/returned-pages.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSafe, expectSame } from "../expect.ts";
import { asPart, Input } from "../input.ts";

const CODES = ["RECORD_MALFORMED"] as const;

/** Input: key with its length, value. */
export const backReferenceTarget: FuzzTarget = {
  name: "back-reference",
  files: ["src/core/fs/check/back-reference.ts"],
  seeds: () => {
    const reference = { kind: "shared", address: 130, ino: 7, block: 9 } as const;
    const value = referenceValue(reference, { generation: 3, count: 5 });
    const key = asPart(referenceKey(reference));
    const returned = asPart(referenceKey(reference).slice(0, 15));
    return [Uint8Array.of(...key, ...value), Uint8Array.of(...returned, ...new Uint8Array(512))];
  },
  maxLength: 600,
  run(bytes) {
    const input = new Input(bytes);
    const key = input.part();
    const value = input.rest();
    for (const number of accepted(CODES, () => [...returnedIn(key, value)]) ?? []) {
      expectSafe({ number });
    }
    const reference = accepted(CODES, () => decodeReferenceKey(key));
    if (reference === undefined) return;
    const { address, ino, block } = reference;
    expectSafe({ address, ino, block });
    expectSame(decodeReferenceKey(referenceKey(reference)), reference);
    accepted(CODES, () => referenceCount(reference, value));
  },
};
