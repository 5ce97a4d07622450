/** Target: parts of the catalog (FORMAT.md §8.3), which whoever can write to the store can write. */
import { isAddress } from "../../../src/core/format/address.ts";
import type { ObjectId } from "../../../src/stores/objects/object-store.ts";
import {
  type CatalogChange,
  decodeCatalogChange,
  encodeCatalogChange,
  OWN_ATTACHMENT,
} from "../../../src/stores/segments/format/catalog-change.ts";
import { extentSize, frameAt, livePages } from "../../../src/stores/segments/format/extent.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe, expectSame } from "../expect.ts";
import { alsoSummed } from "../input.ts";

const id = "object" as ObjectId;
const SEED: CatalogChange = {
  checkpoint: [{ id, length: 100 }],
  goneObjects: [1],
  goneExtents: [128],
  objects: [
    { number: 2, id, length: 200, position: undefined },
    { number: 3, id, length: 9, position: "12" },
    { number: 4, id: OWN_ATTACHMENT, length: 9, position: undefined },
  ],
  extents: [
    { first: 128, object: 2, offset: 0, lengths: [90, 90, 100], dead: undefined },
    { first: 256, object: 2, offset: 300, lengths: [90], dead: new Uint8Array(16) },
  ],
};

/** Also with the checksum put right. */
export const catalogTarget: FuzzTarget = {
  name: "catalog",
  files: [
    "src/stores/segments/format/catalog-change.ts",
    "src/stores/segments/format/extent.ts",
    "src/stores/segments/format/ascii.ts",
  ],
  seeds: () => [encodeCatalogChange(SEED)],
  maxLength: 1024,
  bytesPerByte: 2048,
  run: alsoSummed(check),
};

function check(input: Uint8Array): void {
  const change = accepted(["RECORD_MALFORMED", "VERSION_UNKNOWN"], () =>
    decodeCatalogChange(input),
  );
  if (change === undefined) return;
  for (const extent of change.extents) {
    const last = extent.lengths.length - 1;
    expect(isAddress(extent.first + last), "the last page has an address");
    expectSafe({ size: extentSize(extent), ...frameAt(extent, last) });
    expect(livePages(extent).length <= extent.lengths.length, "live pages are pages");
  }
  expectSame(decodeCatalogChange(encodeCatalogChange(change)), change);
}
