/**
 * Orphan records: `(0, orphan, inode 8)` -> nothing (FORMAT.md §7.6). They name the inodes that have
 * something left to be removed: all of them when no name leads there, or extents beyond the size.
 *
 * @module
 */
import { getU64, putU64 } from "../base/bytes.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";

const NOTHING = new Uint8Array(0);

function orphanKey(ino: number): Uint8Array {
  const subkey = new Uint8Array(8);
  putU64(subkey, 0, ino);
  return encodeKey(0, KeyKind.orphan, subkey);
}

/** Takes note that an inode has something left to be removed. */
export function putOrphan(transaction: Transaction, ino: number): void {
  transaction.put(orphanKey(ino), NOTHING);
}

/** Takes the note back. */
export function deleteOrphan(transaction: Transaction, ino: number): void {
  transaction.delete(orphanKey(ino));
}

/** At most `limit` inodes with orphan records, above `after`, in order. */
export function listOrphans(
  transaction: Transaction,
  after: number,
  limit: number,
): readonly number[] {
  const found: number[] = [];
  transaction.scan(orphanKey(after + 1), keyAfterKind(0, KeyKind.orphan), (key) => {
    found.push(getU64(key, KEY_PREFIX));
    return found.length < limit;
  });
  return found;
}
