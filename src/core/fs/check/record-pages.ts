/**
 * The pages a record of the TOC points to.
 *
 * @module
 */
import { getU48 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { pageNumber } from "../../format/address.ts";
import type { PageRun } from "../../pages/page-store.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { decodeExtent } from "../extent.ts";
import { xattrPage } from "../xattr-record.ts";

/** Pages that a record points to. */
export interface RecordPages extends PageRun {
  /** Of all of them. */
  readonly generation: number;
}

/** Pages of a record, none when it has no pages or makes no sense. */
export function pagesOfRecord(key: Uint8Array, value: Uint8Array): RecordPages | undefined {
  try {
    if (key[8] === KeyKind.xattr) {
      const page = xattrPage(value);
      return page && { start: pageNumber(page.address), count: 1, generation: page.generation };
    }
    if (key[8] !== KeyKind.extent) return undefined;
    const extent = decodeExtent(getU48(key, KEY_PREFIX), value);
    if (extent.kind !== "run" && extent.kind !== "piece") return undefined;
    const { generation } = extent;
    return { start: pageNumber(extent.address), count: extent.count, generation };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
