/** Target: pages of the space map (FORMAT.md §5.2). */
import {
  BITS_PER_PAGE,
  countUsed,
  decodeSpacePage,
  encodeSpacePage,
  isUsed,
} from "../../../src/core/format/space-map.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSame } from "../expect.ts";

export const spacePageTarget: FuzzTarget = {
  name: "space-page",
  files: ["src/core/format/space-map.ts"],
  seeds: () => [Uint8Array.of(0xff, 0, 3)],
  maxLength: 256,
  run(input) {
    const bits = accepted(["RECORD_MALFORMED"], () => decodeSpacePage(input));
    if (bits === undefined) return;
    const encoded = encodeSpacePage(bits);
    expectSame(encoded, input.subarray(0, encoded.length));
    expect(!isUsed(bits, BITS_PER_PAGE - 1), "the last page is free");
    expect(countUsed(encoded) === countUsed(input), "no page is forgotten");
  },
};
