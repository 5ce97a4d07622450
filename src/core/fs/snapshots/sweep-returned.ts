/**
 * What becomes of pages that came back from a snapshot when snapshots are removed (FORMAT.md §7.8).
 *
 * @module
 */
import { addressOf, pageNumber } from "../../format/address.ts";
import type { Transaction, TransactionalVault } from "../../vault/transaction.ts";
import { decodeReferenceKey, referenceCount, referenceKey } from "../check/back-reference.ts";
import { SHARED_MAX } from "../extent.ts";
import { filterReturned, listReturned, RETURNED_CHUNK } from "../returned-pages.ts";

/** What is known of the snapshots that stay. */
export interface StayingSnapshots {
  /** Whether there are any. */
  readonly isAny: boolean;
  /** Whether one of them has a page. */
  readonly isKept: (number: number) => boolean;
  /** Whether one was made since that was found out. */
  readonly isOutdated: () => boolean;
}

/**
 * Frees the pages that came back, and that neither a snapshot nor a file has any more. Without snapshots the others become
 * pages like all.
 */
export async function sweepReturned(
  transact: TransactionalVault["transact"],
  snapshots: StayingSnapshots,
): Promise<void> {
  for (const first of await transact(listReturned)) {
    await transact((transaction) => sweepChunk(transaction, first, snapshots));
  }
}

function sweepChunk(transaction: Transaction, first: number, snapshots: StayingSnapshots): void {
  if (snapshots.isOutdated()) return;
  const used = usedPages(transaction, first, first + RETURNED_CHUNK);
  filterReturned(transaction, first, (number) => {
    if (snapshots.isKept(number)) return true;
    if (used.has(number)) return snapshots.isAny;
    transaction.retire({ address: addressOf(number), generation: 0 });
    return false;
  });
}

/** The pages of a range that back references lead from. */
function usedPages(transaction: Transaction, start: number, end: number): ReadonlySet<number> {
  const used = new Set<number>();
  for (const kind of ["piece", "shared"] as const) {
    const keyOf = (number: number): Uint8Array =>
      referenceKey({ kind, address: addressOf(number), ino: 0, block: 0 });
    const from = kind === "shared" ? Math.max(0, start - SHARED_MAX + 1) : start;
    transaction.scan(keyOf(from), keyOf(end), (key, value) => {
      const reference = decodeReferenceKey(key);
      const page = pageNumber(reference.address);
      const count = referenceCount(reference, value);
      for (let number = Math.max(page, start); number < page + count; number++) used.add(number);
      return true;
    });
  }
  return used;
}
