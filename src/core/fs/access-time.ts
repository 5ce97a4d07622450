/**
 * When reading changes the access time (mount(8), relatime and strictatime).
 *
 * @module
 */
import { copyShort } from "../base/short-bytes.ts";
import type { Transaction } from "../vault/transaction.ts";
import type { FsContext } from "./fs-context.ts";
import { InodeRecord, TimeField } from "./inode-record.ts";
import { saveInode } from "./inodes.ts";

const DAY = 86_400;

/**
 * Takes note that an inode's content was read.
 * @param inode - as read in this transaction; not changed
 * @returns from when on, in seconds since the epoch, reading it again would change something
 */
export function touchAccess(
  context: FsContext,
  transaction: Transaction,
  inode: InodeRecord,
): number {
  if (context.atime === "noatime") return Number.POSITIVE_INFINITY;
  const [sec, nsec] = context.now();
  if (context.atime === "relatime" && !isStale(inode, sec)) {
    return inode.time(TimeField.atime).sec + DAY;
  }
  const touched = new InodeRecord(inode.ino, copyShort(inode.bytes));
  touched.setTime(TimeField.atime, sec, nsec);
  saveInode(transaction, touched);
  return context.atime === "strictatime" || isStale(touched, sec) ? 0 : sec + DAY;
}

/** Whether an access time says less than "read since the last change", or is a day old. */
function isStale(inode: InodeRecord, sec: number): boolean {
  if (!inode.isLater(TimeField.atime, TimeField.mtime)) return true;
  if (!inode.isLater(TimeField.atime, TimeField.ctime)) return true;
  return sec - inode.time(TimeField.atime).sec >= DAY;
}
