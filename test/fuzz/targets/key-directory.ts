/** Target: the key directory, which anybody can write, and what is checked of its slots before any key (FORMAT.md §4.1). */
import { checkKdfCosts } from "../../../src/core/crypto/kdf-limits.ts";
import { WRAPPED_KEY_SIZE } from "../../../src/core/crypto/key-slot.ts";
import {
  decodeKeyDirectory,
  encodeKeyDirectory,
  type KeyDirectory,
} from "../../../src/core/format/key-directory.ts";
import { loadVector } from "../../support/vectors.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expectSame, expectTime } from "../expect.ts";

const OLDER: KeyDirectory["older"][number] = {
  id: "0011223344556677",
  created: { sec: 1_700_000_000, nsec: 0 },
  ...{ lastEpoch: 2, lastGeneration: 30, doneAt: 0 },
  wrapped: new Uint8Array(WRAPPED_KEY_SIZE),
};

export const keyDirectoryTarget: FuzzTarget = {
  name: "key-directory",
  files: ["src/core/format/key-directory.ts", "src/core/crypto/kdf-limits.ts"],
  seeds() {
    const { payload } = loadVector<{ payload: Uint8Array }>("key-directory");
    const { vaultId } = decodeKeyDirectory(payload);
    return [payload, encodeKeyDirectory({ vaultId, slots: [], older: [OLDER] })];
  },
  run(input) {
    const directory = accepted(["RECORD_MALFORMED", "VERSION_UNKNOWN"], () =>
      decodeKeyDirectory(input),
    );
    if (directory === undefined) return;
    for (const slot of directory.slots) expectTime(slot.created);
    accepted(["KDF_LIMITS"], () => checkKdfCosts(costsOf(directory)));
    const again = decodeKeyDirectory(encodeKeyDirectory(directory));
    // Labels that are no UTF-8 come back as text that is.
    expectSame(withoutLabels(again), withoutLabels(directory));
    expectSame(decodeKeyDirectory(encodeKeyDirectory(again)), again);
  },
};

function costsOf({ slots }: KeyDirectory): Parameters<typeof checkKdfCosts>[0] {
  return slots.flatMap((slot) => (slot.kind === "password" ? [slot.argon2] : []));
}

function withoutLabels({ vaultId, slots, older }: KeyDirectory): KeyDirectory {
  return { vaultId, older, slots: slots.map((slot) => ({ ...slot, label: "" })) };
}
