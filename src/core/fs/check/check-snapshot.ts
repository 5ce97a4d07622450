/**
 * What a snapshot has and the vault has not: which pages that are, and, when asked for, whether they can be read.
 *
 * @module
 */
import { getU48, getU64 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import { decodeExtent, type Extent, extentEnd, pageOfRun, sliceExtent } from "../extent.ts";
import { xattrPage } from "../xattr-record.ts";
import type { DataPages } from "./data-pages.ts";
import type { PageUse } from "./page-use.ts";

/** What a check of a snapshot's records fills. */
export interface SnapshotCheckParts {
  /** Name of the snapshot. */
  readonly snapshot: Uint8Array;
  /** Pages reached so far, whose data was read by then. */
  readonly use: PageUse;
  /** Undefined when data is not to be read. */
  readonly data: DataPages | undefined;
}

/** Notes the pages of a leaf's records, and reads those that nothing had before. @throws StoreError */
export async function checkSnapshotLeaf(parts: SnapshotCheckParts, leaf: NodeStep): Promise<void> {
  for (const { key, value } of recordsIn(leaf)) {
    if (key.length < KEY_PREFIX || getU64(key, 0) === 0) continue;
    try {
      await checkRecord(parts, key, value);
    } catch (error) {
      // Records of a snapshot are those the vault had, which were checked or are gone from it.
      if (!(error instanceof FormatError)) throw error;
    }
  }
}

async function checkRecord(
  parts: SnapshotCheckParts,
  key: Uint8Array,
  value: Uint8Array,
): Promise<void> {
  const user = { ino: getU64(key, 0), snapshot: parts.snapshot };
  if (key[8] === KeyKind.xattr) {
    const pointer = xattrPage(value);
    if (pointer !== undefined && isNew(parts.use, pointer)) {
      await parts.data?.wantXattr(user, pointer);
    }
  }
  if (key[8] !== KeyKind.extent) return;
  for (const extent of newParts(parts.use, decodeExtent(getU48(key, KEY_PREFIX), value))) {
    await parts.data?.want(user, extent);
  }
}

/** The parts of an extent in pages that were not reached before. */
function newParts(use: PageUse, extent: Extent): readonly Extent[] {
  if (extent.kind === "piece") return isNew(use, extent) ? [extent] : [];
  if (extent.kind !== "run") return [];
  const found: Extent[] = [];
  for (let block = extent.block; block < extentEnd(extent); block++) {
    if (isNew(use, pageOfRun(extent, block))) found.push(sliceExtent(extent, block, block + 1));
  }
  return found;
}

function isNew(use: PageUse, { address }: PagePointer): boolean {
  return !use.reach(pageNumber(address));
}
