/**
 * Clearing of set-ID bits and file capabilities when someone writes to, truncates or gives away a file (chown(2),
 * capabilities(7)).
 *
 * @module
 */
import { utf8 } from "../base/bytes.ts";
import type { Transaction } from "../vault/transaction.ts";
import { type PrivilegeLoss, S_ISGID, S_ISUID } from "./file-system.ts";
import type { InodeRecord } from "./inode-record.ts";
import { deleteXattr } from "./xattr-record.ts";

const CAPABILITY = utf8("security.capability");
const GROUP_EXECUTE = 0o010;

/** @param inode - under edit; directories keep theirs */
export function killPrivileges(
  transaction: Transaction,
  inode: InodeRecord,
  loss: PrivilegeLoss,
): void {
  if (inode.isDirectory) return;
  let { mode } = inode;
  mode &= ~S_ISUID;
  if (loss === "outsider" || (mode & GROUP_EXECUTE) !== 0) mode &= ~S_ISGID;
  inode.mode = mode;
  deleteXattr(transaction, inode.ino, CAPABILITY);
}
