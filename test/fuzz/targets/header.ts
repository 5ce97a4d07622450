/** Target: the header (FORMAT.md §2). */
import { putU32 } from "../../../src/core/base/bytes.ts";
import { crc32c } from "../../../src/core/base/crc32c.ts";
import { chooseHeader } from "../../../src/core/format/choose-header.ts";
import {
  decodeHeader,
  encodeHeader,
  HEADER_SIZE,
  isHeaderSigned,
} from "../../../src/core/format/header.ts";
import { sumHeaderKey } from "../../support/test-keys.ts";
import { loadVector } from "../../support/vectors.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame, expectTime } from "../expect.ts";

const CODES = ["NOT_A_VAULT", "VERSION_UNKNOWN", "VAULT_DAMAGED"] as const;
const CHECKSUM_AT = HEADER_SIZE - 4;

/** Also with the checksum put right, so that what stands behind it is reached. */
export const headerTarget: FuzzTarget = {
  name: "header",
  files: ["src/core/format/header.ts", "src/core/format/choose-header.ts"],
  seeds: () => [loadVector<{ stored: Uint8Array }>("header").stored],
  words: ["DVAULT"],
  maxLength: 2 * HEADER_SIZE,
  run(input) {
    check(input);
    if (input.length < HEADER_SIZE) return;
    putU32(input, CHECKSUM_AT, crc32c(input, 0, CHECKSUM_AT));
    check(input);
    accepted(CODES, () => chooseHeader([input.subarray(HEADER_SIZE), undefined, input]));
  },
};

function check(stored: Uint8Array): void {
  const header = accepted(CODES, () => decodeHeader(stored));
  if (header === undefined) return;
  const { argon2, generation, keyDirectory, commitRoot } = header;
  expectSafe({ ...argon2, newest: generation, ...commitRoot, keys: keyDirectory.address });
  expectTime(header.created);
  isHeaderSigned(stored, sumHeaderKey);
  const encoded = encodeHeader(header, sumHeaderKey);
  expectSame(decodeHeader(encoded), header);
  expect(isHeaderSigned(encoded, sumHeaderKey), "what was signed is signed");
}
