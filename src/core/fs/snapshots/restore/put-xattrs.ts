/**
 * Giving an inode the extended attributes of a stored one, in two halves: only values that stand in the record fit into the
 * transaction that makes the inode.
 *
 * @module
 */
import type { Transaction } from "../../../vault/transaction.ts";
import type { FsContext } from "../../fs-context.ts";
import { setxattr } from "../../xattr.ts";
import { putInlineXattr, XATTR_INLINE_MAX } from "../../xattr-record.ts";
import type { StoredXattr } from "./stored-inode.ts";

/** Puts the attributes whose values stand in their records. */
export function putInlineXattrs(
  transaction: Transaction,
  ino: number,
  xattrs: readonly StoredXattr[],
): void {
  for (const { name, value } of xattrs) {
    if (value.length <= XATTR_INLINE_MAX) putInlineXattr(transaction, ino, name, value);
  }
}

/** Sets the attributes whose values take pages of their own. @throws FsError ENOENT, ENOSPC; StoreError */
export async function setLargeXattrs(
  context: FsContext,
  ino: number,
  xattrs: readonly StoredXattr[],
): Promise<void> {
  for (const { name, value } of xattrs) {
    if (value.length > XATTR_INLINE_MAX) await setxattr(context, { ino, name, value, mode: "set" });
  }
}
