/**
 * Inodes that are wanted one by one and stand far away: their pages are asked for together.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import { encodeKey, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import type { FsContext } from "./fs-context.ts";

/** Pages asked for together, 2 MiB: the smallest cache holds twice as many. */
const TOGETHER_MAX = 32;

/**
 * Whether the record of an inode would have to be fetched from afar.
 * @throws PageFault for what is nearby, unless all is
 */
export function isFar(context: FsContext, transaction: Transaction, ino: number): boolean {
  return !isAllNear(context) && farPage(transaction, ino) !== undefined;
}

/** Begins to fetch what the records of inodes need: whoever reads them one by one afterwards waits once for many. */
export function foresee(
  context: FsContext,
  transaction: Transaction,
  inos: readonly number[],
): void {
  if (isAllNear(context)) return;
  const pages = new Map<number, PagePointer>();
  for (const ino of inos) {
    const page = farPage(transaction, ino);
    if (page !== undefined) pages.set(page.address, page);
    if (pages.size === TOGETHER_MAX) break;
  }
  if (pages.size > 1) context.vault.prefetch("tree", [...pages.values()]);
}

/** Where pages stand in a file of this machine, none is far, and looking for one would cost as much as reading the record. */
function isAllNear({ vault }: FsContext): boolean {
  return vault.pagesInFile !== undefined;
}

function farPage(transaction: Transaction, ino: number): PagePointer | undefined {
  return transaction.farPage(encodeKey(ino, KeyKind.attributes));
}
