/**
 * Directory entries: `(directory, dentry, name)` -> inode 8, type 1 (FORMAT.md §7.2).
 *
 * The type is `S_IFMT >> 12`, as in `d_type` of readdir(3), so that a listing needs no inode.
 *
 * @module
 */
import { getU64, putU64 } from "../base/bytes.ts";
import { FormatError, FsError } from "../base/errors.ts";
import { NAME_MAX } from "../base/limits.ts";
import { hasNameEnd, isDots } from "../base/names.ts";
import { encodeKey, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { S_IFMT } from "./file-system.ts";

/** Where a name leads. */
export interface Dentry {
  readonly ino: number;
  /** `S_IFMT` bits. */
  readonly type: number;
}

const SIZE = 9;
const TYPE_SHIFT = 12;

/** The bytes of a record, as {@link decodeDentry} reads them. */
export function encodeDentry(dentry: Dentry): Uint8Array {
  const value = new Uint8Array(SIZE);
  putU64(value, 0, dentry.ino);
  value[8] = (dentry.type & S_IFMT) >>> TYPE_SHIFT;
  return value;
}

/** @throws FormatError RECORD_MALFORMED */
export function decodeDentry(value: Uint8Array): Dentry {
  if (value.length !== SIZE) {
    throw new FormatError("RECORD_MALFORMED", `${value.length} bytes of dentry, not ${SIZE}`);
  }
  const ino = getU64(value, 0);
  const type = (value[8] as number) << TYPE_SHIFT;
  if (!Number.isSafeInteger(ino) || (type & ~S_IFMT) !== 0) {
    throw new FormatError("RECORD_MALFORMED", `a dentry of type ${type} leads to inode ${ino}`);
  }
  return { ino, type };
}

/** @throws FsError ENOENT for an empty name, ENAMETOOLONG */
export function checkLength(name: Uint8Array): void {
  if (name.length === 0) throw new FsError("ENOENT", "the name is empty");
  if (name.length > NAME_MAX) {
    throw new FsError("ENAMETOOLONG", `the name has ${name.length} bytes, more than ${NAME_MAX}`);
  }
}

/**
 * Checks the name of an entry about to be made.
 * @throws FsError ENOENT, ENAMETOOLONG, EINVAL, EEXIST for `.` and `..`
 */
export function checkNewName(name: Uint8Array): void {
  checkLength(name);
  if (isDots(name)) throw new FsError("EEXIST", "the name stands for a directory already");
  if (hasNameEnd(name)) {
    throw new FsError("EINVAL", "the name holds a slash or a NUL");
  }
}

/** Where a name of a directory leads; undefined when it is not there. @throws FormatError RECORD_MALFORMED */
export function findDentry(
  transaction: Transaction,
  directory: number,
  name: Uint8Array,
): Dentry | undefined {
  const value = transaction.get(encodeKey(directory, KeyKind.dentry, name));
  return value === undefined ? undefined : decodeDentry(value);
}

/** Makes a name, or lets it lead elsewhere; links are the caller's to count. */
export function putDentry(
  transaction: Transaction,
  directory: number,
  name: Uint8Array,
  dentry: Dentry,
): void {
  transaction.put(encodeKey(directory, KeyKind.dentry, name), encodeDentry(dentry));
}

/** Takes a name away; links are the caller's to count. */
export function deleteDentry(transaction: Transaction, directory: number, name: Uint8Array): void {
  transaction.delete(encodeKey(directory, KeyKind.dentry, name));
}

/** Whether a directory has no entry; changes of this transaction are not seen. */
export function isEmpty(transaction: Transaction, directory: number): boolean {
  let empty = true;
  const from = encodeKey(directory, KeyKind.dentry);
  transaction.scan(from, keyAfterKind(directory, KeyKind.dentry), () => {
    empty = false;
    return false;
  });
  return empty;
}
