/**
 * Extended attributes: `(inode, xattr, name)` -> value (FORMAT.md §7.5).
 *
 *     0, value…                             in the record
 *     1, address 6, generation 6, length 4  in a data page of its own
 *
 * @module
 */
import { getU32, putU32 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { getPointer, type PagePointer, putPointer } from "../format/address.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";

/** Longest value that stands in its record, bytes. */
export const XATTR_INLINE_MAX = 4096;

/** Block number in the owner record of a page that holds an extended attribute: no file has such a block. */
export const XATTR_BLOCK: number = 2 ** 48 - 1;

const Place = { inline: 0, page: 1 } as const;
const POINTER_RECORD = 17;

/**
 * The value of an attribute, borrowed.
 * @throws PageFault, PageError; FormatError RECORD_MALFORMED
 */
export function readXattr(
  transaction: Transaction,
  ino: number,
  name: Uint8Array,
): Uint8Array | undefined {
  const record = transaction.get(encodeKey(ino, KeyKind.xattr, name));
  if (record === undefined) return undefined;
  if (record[0] === Place.inline) return record.subarray(1);
  return transaction.page("data", pointerOf(record)).subarray(0, getU32(record, 13));
}

/**
 * Names of an inode's attributes in their order, copied; changes of this transaction are not seen.
 *
 * @param limit - how many at most
 * @throws PageFault, PageError
 */
export function xattrNames(
  transaction: Transaction,
  ino: number,
  limit: number = Number.POSITIVE_INFINITY,
): readonly Uint8Array[] {
  const names: Uint8Array[] = [];
  const from = encodeKey(ino, KeyKind.xattr);
  transaction.scan(from, keyAfterKind(ino, KeyKind.xattr), (key) => {
    names.push(key.slice(KEY_PREFIX));
    return names.length < limit;
  });
  return names;
}

/** Sets an attribute to a value of at most {@link XATTR_INLINE_MAX} bytes. */
export function putInlineXattr(
  transaction: Transaction,
  ino: number,
  name: Uint8Array,
  value: Uint8Array,
): void {
  const record = new Uint8Array(1 + value.length);
  record.set(value, 1);
  replaceXattr(transaction, ino, name, record);
}

/** Sets an attribute to the value that a page holds. */
export function putXattrPage(
  transaction: Transaction,
  ino: number,
  name: Uint8Array,
  page: PagePointer & { readonly length: number },
): void {
  const record = new Uint8Array(POINTER_RECORD);
  record[0] = Place.page;
  putPointer(record, 1, page);
  putU32(record, 13, page.length);
  replaceXattr(transaction, ino, name, record);
}

/** Removes an attribute. @returns whether it was there */
export function deleteXattr(transaction: Transaction, ino: number, name: Uint8Array): boolean {
  const key = encodeKey(ino, KeyKind.xattr, name);
  const record = transaction.get(key);
  if (record === undefined) return false;
  releaseXattr(transaction, record);
  transaction.delete(key);
  return true;
}

function replaceXattr(
  transaction: Transaction,
  ino: number,
  name: Uint8Array,
  record: Uint8Array,
): void {
  const key = encodeKey(ino, KeyKind.xattr, name);
  const before = transaction.get(key);
  if (before !== undefined) releaseXattr(transaction, before);
  transaction.put(key, record);
}

/** Gives back the page that an attribute's record points to, if it does. */
function releaseXattr(transaction: Transaction, record: Uint8Array): void {
  if (record[0] === Place.page) transaction.release(pointerOf(record));
}

/**
 * The page a record's value stands in; undefined when it stands in the record.
 * @throws FormatError RECORD_MALFORMED
 */
export function xattrPage(record: Uint8Array): PagePointer | undefined {
  return record[0] === Place.inline ? undefined : pointerOf(record);
}

function pointerOf(record: Uint8Array): PagePointer {
  if (record[0] === Place.page && record.length === POINTER_RECORD) return getPointer(record, 1);
  throw new FormatError("RECORD_MALFORMED", `${record.length} bytes of extended attribute`);
}
