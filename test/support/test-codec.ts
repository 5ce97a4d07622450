/**
 * A page codec with keys that are known.
 *
 * @module
 */
import { PageCodec, type PagesOf } from "../../src/core/format/page-codec.ts";
import { FixedRandom } from "./fixed-random.ts";
import { FixedPageKeys } from "./test-keys.ts";

/** The vault of a test codec, as vaults are made now. */
export const TEST_VAULT: PagesOf = { vaultId: new Uint8Array(16), hasPageParts: true };

/** Gives the same bytes for the same pages in every run. */
export function newTestCodec(): PageCodec {
  return new PageCodec(TEST_VAULT, new FixedPageKeys(), new FixedRandom());
}
