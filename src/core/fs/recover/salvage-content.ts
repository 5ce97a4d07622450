/**
 * Puts extents back whose records are lost: `data` pages say whose block they are, `pack` pages have a table
 * (FORMAT.md §3.2, §7.4). The highest generation of a block wins.
 *
 * Memory grows with the blocks whose records are lost.
 *
 * @module
 */
import { getU48 } from "../../base/bytes.ts";
import { FormatError, PageError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import type { CachedPage } from "../../pages/cached-page.ts";
import type { PageScan } from "../../pages/page-scan.ts";
import { extentKey } from "../../tree/key.ts";
import type { Transaction } from "../../vault/transaction.ts";
import { referenceKey } from "../check/back-reference.ts";
import { BLOCK_END, encodeExtent, type PieceExtent, type RunExtent } from "../extent.ts";
import { findExtent } from "../find-extents.ts";
import { decodePackTable } from "../pack.ts";
import type { LostPart } from "./find-state.ts";
import type { PageLife } from "./liveness.ts";
import { batchesOf, mayHold, partOf, type Salvage } from "./salvage.ts";

const GUESSED =
  "its content was put together from the pages that name it, some of which may be outdated";

/** Blocks put back in one transaction. */
const BLOCKS_TOGETHER = 128;

/** A block of a file that was found. */
interface FoundBlock {
  readonly ino: number;
  readonly extent: RunExtent | PieceExtent;
  readonly isLive: boolean;
}

/**
 * Looks through all pages of content for blocks of the lost parts.
 *
 * @param parts - of which something may still be missing
 * @throws StoreError
 */
export async function salvageContent(
  salvage: Salvage,
  scan: PageScan,
  parts: readonly LostPart[],
): Promise<void> {
  const blocks = new Map<string, FoundBlock>();
  const note = (block: FoundBlock): void => {
    const name = `${block.ino} ${block.extent.block}`;
    const known = blocks.get(name);
    if (known === undefined || isBetter(block, known)) blocks.set(name, block);
  };
  const wanted: { data: PagePointer[]; pack: PagePointer[] } = { data: [], pack: [] };
  const read = async (pageClass: "data" | "pack"): Promise<void> => {
    await lookInto(salvage, { pageClass, pointers: wanted[pageClass], parts, note });
    wanted[pageClass] = [];
  };
  for await (const { pageClass, address, generation } of scan.scan()) {
    if (pageClass !== "data" && pageClass !== "pack") continue;
    const pointer = { address, generation };
    if (!mayHold(pointer, parts) || lifeOf(salvage, pointer) === "dead") continue;
    if (wanted[pageClass].push(pointer) >= BLOCKS_TOGETHER) await read(pageClass);
  }
  await read("data");
  await read("pack");
  for (const batch of batchesOf([...blocks.values()])) await putBack(salvage, batch);
}

function isBetter(a: FoundBlock, b: FoundBlock): boolean {
  return a.isLive === b.isLive ? a.extent.generation > b.extent.generation : a.isLive;
}

function lifeOf({ liveness }: Salvage, { address }: PagePointer): PageLife {
  return liveness.of(pageNumber(address));
}

interface Look {
  readonly pageClass: "data" | "pack";
  readonly pointers: readonly PagePointer[];
  readonly parts: readonly LostPart[];
  readonly note: (block: FoundBlock) => void;
}

async function lookInto(salvage: Salvage, look: Look): Promise<void> {
  const inspection = salvage.vault.inspect();
  for (const batch of batchesOf(look.pointers)) {
    salvage.signal?.throwIfAborted();
    const pages = await inspection.read(look.pageClass, batch);
    const found = pages.flatMap((page) =>
      page instanceof PageError ? [] : blocksOf(salvage, page),
    );
    for (const block of found) await noteLost(salvage, look, block);
  }
}

function blocksOf(salvage: Salvage, page: CachedPage): readonly FoundBlock[] {
  const isLive = lifeOf(salvage, page) === "live";
  return page.pageClass === "data" ? [blockOf(page, isLive)] : piecesOf(page, isLive);
}

/** Notes a block whose record may be lost. */
async function noteLost(salvage: Salvage, { parts, note }: Look, block: FoundBlock): Promise<void> {
  const { ino, extent } = block;
  if (ino === 0 || extent.block >= BLOCK_END) return;
  const part = partOf(extentKey(ino, extent.block), parts);
  if (part === undefined || extent.generation > part.generation) return;
  // The recovered commit has no way back to pieces that came after it.
  const isLater = part.after > 0;
  const known =
    extent.kind === "piece" && !isLater ? await pieceLife(salvage, parts, block) : block;
  if (known !== undefined) note(known);
}

function blockOf({ address, generation, owner }: CachedPage, isLive: boolean): FoundBlock {
  const { ino, block } = owner;
  return {
    ino,
    isLive,
    extent: { kind: "run", block, count: 1, address, generation, shared: false },
  };
}

function piecesOf({ address, generation, payload }: CachedPage, isLive: boolean): FoundBlock[] {
  try {
    return decodePackTable(payload).map(({ ino, ...entry }) => ({
      ino,
      isLive,
      extent: { kind: "piece", count: 1, address, generation, ...entry },
    }));
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

/** A needed page may hold dead pieces beside living ones: the way back to a piece tells which. */
async function pieceLife(
  { vault }: Salvage,
  parts: readonly LostPart[],
  block: FoundBlock,
): Promise<FoundBlock | undefined> {
  const { ino, extent } = block;
  const key = referenceKey({ kind: "piece", address: extent.address, ino, block: extent.block });
  const isThere = await vault.transact((transaction) => {
    const value = transaction.get(key);
    return value !== undefined && getU48(value, 0) === extent.generation;
  });
  if (isThere) return { ...block, isLive: true };
  return partOf(key, parts) === undefined ? undefined : { ...block, isLive: false };
}

async function putBack({ vault, doubts }: Salvage, blocks: readonly FoundBlock[]): Promise<void> {
  const put = await vault.transact((transaction) =>
    blocks.filter((block) => isPut(transaction, block)),
  );
  for (const { ino, isLive } of put) if (!isLive) doubts.add(ino, "partial", GUESSED);
}

/** @returns false where the block has a record */
function isPut(transaction: Transaction, { ino, extent }: FoundBlock): boolean {
  if (findExtent(transaction, ino, extent.block) !== undefined) return false;
  transaction.put(extentKey(ino, extent.block), encodeExtent(extent));
  return true;
}
