/**
 * Moves whole pages of files. Where several files have a page, all of them get the copy, in the same transaction.
 *
 * @module
 */
import { type PagePointer, pageNumber } from "../../format/address.ts";
import type { NewPage } from "../../vault/transaction.ts";
import { pageOfRun, type RunExtent } from "../extent.ts";
import { type SharedRun, sharedRunsIn } from "../shared-runs.ts";
import type { IsWanted, Move } from "./move.ts";

/** Blocks of a file. */
export interface BlockSpan {
  readonly ino: number;
  readonly first: number;
  readonly end: number;
}

/** A block whose page is moved. */
interface MovedBlock {
  readonly ino: number;
  readonly block: number;
  readonly page: PagePointer;
  readonly isShared: boolean;
}

/**
 * Moves the pages of a span that are wanted.
 * @param prefetch - told of all pages that will be read
 * @returns pages moved
 */
export function moveBlocks(
  move: Move,
  { ino, first, end }: BlockSpan,
  isWanted: IsWanted,
  prefetch: (pages: readonly PagePointer[]) => void,
): number {
  const blocks = blocksIn(move, { ino, first, end }).filter(({ page }) => isWanted(page));
  if (blocks.length === 0) return 0;
  prefetch(blocks.map(({ page }) => page));
  const users = blocks.some(({ isShared }) => isShared) ? usersOf(move, blocks) : [];
  const places = copyPages(move, [
    ...new Map(blocks.map((moved) => [moved.page.address, moved])).values(),
  ]);
  for (const { ino, block, page, isShared } of [...blocks, ...users]) {
    const { address, generation } = places.get(page.address) as PagePointer;
    const run: RunExtent = { kind: "run", block, count: 1, address, generation, shared: isShared };
    move.extents(ino, block, block + 1).put(run);
  }
  return places.size;
}

/** Copies the pages of blocks, each once. @returns where the copies are, by the address of the page */
function copyPages(move: Move, blocks: readonly MovedBlock[]): ReadonlyMap<number, PagePointer> {
  const pages = blocks.map((moved) => {
    const payload = move.transaction.page("data", moved.page);
    return { name: `page ${moved.page.address}`, copy: () => copyOf(moved, payload) };
  });
  const copies = move.copies.of(pages);
  return new Map(blocks.map(({ page }, i) => [page.address, copies[i] as PagePointer]));
}

function copyOf({ ino, block }: MovedBlock, payload: Uint8Array): NewPage {
  return { pageClass: "data", owner: { ino, block }, payload };
}

/** Blocks of a span that stand in whole pages. */
function blocksIn(move: Move, { ino, first, end }: BlockSpan): readonly MovedBlock[] {
  const blocks: MovedBlock[] = [];
  for (const extent of move.extents(ino, first, end).between(first, end)) {
    if (extent.kind !== "run") continue;
    for (let n = 0; n < extent.count; n++) {
      const block = extent.block + n;
      const { address, generation } = pageOfRun(extent, block);
      blocks.push({ ino, block, page: { address, generation }, isShared: extent.shared });
    }
  }
  return blocks;
}

/** The other blocks that stand in the same pages. */
function usersOf(move: Move, blocks: readonly MovedBlock[]): readonly MovedBlock[] {
  const shared = blocks.filter(({ isShared }) => isShared);
  const byNumber = new Map(shared.map((moved) => [pageNumber(moved.page.address), moved]));
  const own = new Set(shared.map(({ ino, block }) => `${ino} ${block}`));
  const users: MovedBlock[] = [];
  const numbers = [...byNumber.keys()].sort((a, b) => a - b);
  for (const run of runsAt(move, numbers)) {
    move.extents(run.ino, run.block, run.block + run.count);
    for (let n = 0; n < run.count; n++) {
      const { ino, block } = { ino: run.ino, block: run.block + n };
      const page = byNumber.get(run.start + n)?.page;
      if (page === undefined || own.has(`${ino} ${block}`)) continue;
      own.add(`${ino} ${block}`);
      users.push({ ino, block, page, isShared: true });
    }
  }
  return users;
}

/** Shared runs that have any of the pages. @param numbers - rising */
function* runsAt(move: Move, numbers: readonly number[]): Generator<SharedRun> {
  let start = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    if (numbers[i + 1] === number + 1) continue;
    yield* sharedRunsIn(move.transaction, { start: numbers[start] as number, end: number + 1 });
    start = i + 1;
  }
}
