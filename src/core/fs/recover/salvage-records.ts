/**
 * Puts records back whose way from the root is lost, out of leaves that are still there.
 *
 * 1. Leaves that the space map calls needed, and that nothing leads to any more, are what is missing.
 * 2. Where that is not enough, other leaves are taken from the newest on. A leaf speaks for all keys between its first and
 *    last: what an older one says about these was changed or removed.
 * 3. Records of replaced leaves that point to whole pages are left out: the pages themselves say better whose they are.
 * 4. What does not surely belong to the recovered commit is called old.
 *
 * @module
 */
import { getU64 } from "../../base/bytes.ts";
import { FormatError, PageError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { checkNode, countOf, keyAt, levelOf, valueAt } from "../../tree/node.ts";
import { decodeExtent } from "../extent.ts";
import type { LostPart } from "./find-state.ts";
import { KeyIntervals } from "./key-intervals.ts";
import { batchesOf, mayHold, partOf, partsInDoubt, type Salvage } from "./salvage.ts";

const OLD = "its records may be of an earlier commit: it may have been changed or deleted since";

/**
 * Puts back what is found.
 * @returns the parts of the TOC of which something may still be missing
 * @throws StoreError
 */
export async function salvageRecords(salvage: Salvage): Promise<readonly LostPart[]> {
  const { index, state, liveness } = salvage;
  const orphaned = index.trees.filter(
    (pointer) => !state.reached.has(pageNumber(pointer.address)) && mayHold(pointer, state.lost),
  );
  const isLive = ({ address }: PagePointer): boolean => liveness.of(pageNumber(address)) === "live";
  const spoken = new KeyIntervals();
  const lostNodes = new Set(state.lost.map(({ pointer }) => pointer?.address));
  let hasUnopened = false;
  const live = orphaned.filter(isLive);
  for await (const { pointer, payload } of leaves(salvage, live)) {
    if (payload === undefined) hasUnopened ||= !lostNodes.has(pointer.address);
    else await putBack(salvage, { pointer, payload, parts: state.lost, spoken, isNeeded: true });
  }
  const parts = partsInDoubt(salvage, hasUnopened);
  if (parts.length === 0) return parts;
  const others = orphaned.filter((pointer) => !isLive(pointer) && mayHold(pointer, parts));
  for await (const { pointer, payload } of leaves(salvage, others)) {
    if (payload === undefined) continue;
    await putBack(salvage, { pointer, payload, parts, spoken, isNeeded: false });
  }
  return parts;
}

interface FoundLeaf {
  readonly pointer: PagePointer;
  /** Undefined when it does not open. */
  readonly payload: Uint8Array | undefined;
}

/** Opens nodes of the TOC; those above the leaves are left out. */
async function* leaves(
  { vault, signal }: Salvage,
  pointers: readonly PagePointer[],
): AsyncGenerator<FoundLeaf> {
  const inspection = vault.inspect();
  for (const batch of batchesOf(pointers)) {
    signal?.throwIfAborted();
    const opened = await inspection.read("tree", batch);
    // A page is borrowed for this turn only, and records are put back in later ones.
    const copies = opened.map((page) =>
      page instanceof PageError ? undefined : page.payload.slice(),
    );
    for (const [i, pointer] of batch.entries()) {
      const payload = copies[i];
      if (payload === undefined || isLeaf(payload)) yield { pointer, payload };
    }
  }
}

function isLeaf(payload: Uint8Array): boolean {
  try {
    checkNode(payload, levelOf(payload));
    return levelOf(payload) === 0 && countOf(payload) > 0;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

interface Leaf {
  readonly pointer: PagePointer;
  readonly payload: Uint8Array;
  /** Parts that it may fill. */
  readonly parts: readonly LostPart[];
  readonly spoken: KeyIntervals;
  /** Whether the recovered commit surely needs it. */
  readonly isNeeded: boolean;
}

interface FoundRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly part: LostPart;
}

async function putBack(salvage: Salvage, leaf: Leaf): Promise<void> {
  const { vault, doubts } = salvage;
  const { payload, spoken, isNeeded } = leaf;
  const first = keyAt(payload, 0);
  const last = keyAt(payload, countOf(payload) - 1);
  const records = recordsOf(leaf);
  const isReplaced = !isNeeded && isOutdated(salvage, leaf, records);
  spoken.add({ first, last });
  const kept = isReplaced ? records.filter(speaksForItself) : records;
  await vault.transact((transaction) => {
    for (const { key, value } of kept) transaction.put(key, value);
  });
  if (isNeeded) return;
  for (const { key } of records) if (getU64(key, 0) > 0) doubts.add(getU64(key, 0), "old", OLD);
}

/** The records of a leaf that are lost, and that no newer leaf speaks for. */
function recordsOf({ pointer, payload, parts, spoken }: Leaf): readonly FoundRecord[] {
  const records: FoundRecord[] = [];
  for (let position = 0; position < countOf(payload); position++) {
    const key = keyAt(payload, position);
    const part = key.length < KEY_PREFIX ? undefined : partOf(key, parts);
    if (part === undefined || pointer.generation > part.generation || spoken.has(key)) continue;
    records.push({ key, value: valueAt(payload, position), part });
  }
  return records;
}

/** Whether a leaf was replaced: it is free, a newer one has some of its keys, or the needed one is the one that is lost. */
function isOutdated(
  { liveness }: Salvage,
  { pointer, payload }: Leaf,
  records: readonly FoundRecord[],
): boolean {
  if (liveness.of(pageNumber(pointer.address)) === "dead") return true;
  return records.length < countOf(payload) || records.some(({ part }) => part.level === 0);
}

/** Whether an old record may be taken at its word: not when it points to pages that say themselves whose they are. */
function speaksForItself({ key, value }: FoundRecord): boolean {
  if (key[8] === KeyKind.piece || key[8] === KeyKind.shared) return false;
  if (key[8] !== KeyKind.extent) return true;
  try {
    const extent = decodeExtent(0, value);
    return extent.kind === "run" ? extent.shared : extent.kind !== "piece";
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}
