/** Target: extents (FORMAT.md §7.3). */
import { isAddress, pageNumber } from "../../../src/core/format/address.ts";
import {
  decodeExtent,
  type Extent,
  encodeExtent,
  extentEnd,
  joinExtents,
  pageOfRun,
  sliceExtent,
} from "../../../src/core/fs/extent.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame } from "../expect.ts";

const BLOCK = 5;
const page = { address: 130, generation: 3 };
const piece = { ...page, kind: "piece", block: BLOCK, count: 1, codec: "deflate" } as const;
const SEEDS: readonly Extent[] = [
  { kind: "inline", block: BLOCK, count: 1, content: Uint8Array.of(1, 2) },
  { ...page, kind: "run", block: BLOCK, count: 4, shared: true },
  { ...piece, offset: 1, storedLength: 2, plainLength: 9 },
  { kind: "reserved", block: BLOCK, count: 3 },
];

export const extentTarget: FuzzTarget = {
  name: "extent",
  files: ["src/core/fs/extent.ts"],
  seeds: () => SEEDS.map(encodeExtent),
  maxLength: 64,
  run(input) {
    const extent = accepted(["RECORD_MALFORMED"], () => decodeExtent(BLOCK, input));
    if (extent === undefined) return;
    expect(extent.count > 0, "it has blocks");
    expectSafe({ end: extentEnd(extent) });
    if (extent.kind === "run") {
      expect(isAddress(extent.address), "it has an address");
      const last = pageOfRun(extent, extentEnd(extent) - 1).address;
      expect(isAddress(last), "its last page has an address");
      expect(pageNumber(last) >= pageNumber(extent.address), "its pages follow each other");
    }
    expectSame(decodeExtent(BLOCK, encodeExtent(extent)), extent);
    const last = extentEnd(extent) - 1;
    const halves = [sliceExtent(extent, 0, last), sliceExtent(extent, last, last + 1)] as const;
    if (extent.count > 1) expectSame(joinExtents(...halves), joined(extent));
  },
};

/** A shared run has at most so many blocks that joining its parts may be refused. */
function joined(extent: Extent): Extent | undefined {
  return extent.kind === "run" && extent.shared && extent.count > 128 ? undefined : extent;
}
