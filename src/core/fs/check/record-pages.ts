/**
 * The pages that records of the TOC point to.
 *
 * @module
 */
import { getU48 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { pageNumber } from "../../format/address.ts";
import type { PageRun } from "../../pages/page-store.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import { decodeExtent } from "../extent.ts";
import { xattrPage } from "../xattr-record.ts";

/** Pages that a record points to. */
export interface RecordPages extends PageRun {
  /** Of all of them. */
  readonly generation: number;
}

/** Numbers of the pages that the records of a leaf point to; one that several records share comes several times. */
export function* pagesOfLeaf(leaf: NodeStep): Generator<number> {
  for (const { key, value } of recordsIn(leaf)) {
    const { start, count } = pagesOfRecord(key, value) ?? { start: 0, count: 0 };
    for (let n = 0; n < count; n++) yield start + n;
  }
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
