/**
 * What can be set right without guessing, one transaction each. Each looks again before it changes anything, since
 * those before it may have set it right already.
 *
 * @module
 */
import { getU48, utf8 } from "../../base/bytes.ts";
import { PAGE_SIZE } from "../../base/limits.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../../tree/key.ts";
import type { Transaction } from "../../vault/transaction.ts";
import { decodeDentry, findDentry, putDentry } from "../dentry.ts";
import { decodeExtent, type Extent, extentEnd } from "../extent.ts";
import { ROOT_INO, S_IFDIR, S_IFMT, S_IFREG } from "../file-system.ts";
import { INODE_RECORD_SIZE, InodeFlag, InodeRecord } from "../inode-record.ts";
import { editInode, hasInode, saveInode } from "../inodes.ts";
import { deleteOrphan, putOrphan } from "../orphan-record.ts";

/** Who owns what has lost its attributes. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Sets one thing right; runs as the body of a transaction. */
export type Mend = (transaction: Transaction, owner: Owner) => void;

/** Where inodes without a name go: a directory in the root. */
const LOST_AND_FOUND: Uint8Array = utf8("lost+found");

const PRIVATE_DIRECTORY = S_IFDIR | 0o700;
const PRIVATE_FILE = S_IFREG | 0o600;

/** Removes a record that makes no sense. @param key - taken over */
export function removeRecord(key: Uint8Array): Mend {
  return (transaction) => transaction.delete(key);
}

/** Removes a name that leads nowhere. @param key - taken over */
export function removeDangling(key: Uint8Array): Mend {
  return (transaction) => {
    const value = transaction.get(key);
    if (value !== undefined && !hasInode(transaction, decodeDentry(value).ino)) {
      transaction.delete(key);
    }
  };
}

/** Gives a name the type of the inode it leads to. @param key - taken over */
export function retypeName(key: Uint8Array, ino: number): Mend {
  return (transaction) => {
    const { mode } = editInode(transaction, ino);
    const value = transaction.get(key)?.slice();
    if (value === undefined) return;
    value[8] = (mode & S_IFMT) >>> 12;
    transaction.put(key, value);
  };
}

/** Says in which directory a directory stands. */
export function setParent(ino: number, parent: number): Mend {
  return edit(ino, (inode) => {
    inode.parent = parent;
  });
}

/** Sets the number of links. */
export function setLinks(ino: number, nlink: number): Mend {
  return edit(ino, (inode) => {
    inode.nlink = nlink;
  });
}

/** Sets the number of blocks that are there. */
export function setBlocks(ino: number, blocks: number): Mend {
  return edit(ino, (inode) => {
    inode.mappedBlocks = blocks;
  });
}

/** Declares extents beyond the size dead, so that they are given back. */
export function markTrimming(ino: number): Mend {
  const mark = edit(ino, (inode) => inode.mark(InodeFlag.trimming, true));
  return (transaction, owner) => {
    mark(transaction, owner);
    putOrphan(transaction, ino);
  };
}

/** Adds or removes the orphan record of an inode. */
export function setOrphan(ino: number, isOrphan: boolean): Mend {
  return (transaction) => (isOrphan ? putOrphan : deleteOrphan)(transaction, ino);
}

/** Sets a record to a value. Both are taken over. */
export function setRecord(key: Uint8Array, value: Uint8Array): Mend {
  return (transaction) => transaction.put(key, value);
}

/** Corrects the count of all inodes. */
export function countInodes(change: number): Mend {
  return (transaction) => transaction.countInodes(change);
}

function edit(ino: number, change: (inode: InodeRecord) => void): Mend {
  return (transaction) => {
    if (!hasInode(transaction, ino)) return;
    const inode = editInode(transaction, ino);
    change(inode);
    saveInode(transaction, inode);
  };
}

/**
 * Gives an inode without a name one in {@link LOST_AND_FOUND}: its number behind a `#`.
 */
export function adopt(ino: number): Mend {
  return (transaction, owner) => {
    if (!hasInode(transaction, ino)) return;
    const inode = editInode(transaction, ino);
    const lost = openLostAndFound(transaction, owner);
    putDentry(transaction, lost.ino, utf8(`#${ino}`), { ino, type: inode.mode & S_IFMT });
    if (inode.isDirectory) {
      inode.parent = lost.ino;
      lost.nlink += 1;
    } else {
      inode.nlink = 1;
    }
    saveInode(transaction, inode);
    saveInode(transaction, lost);
  };
}

function openLostAndFound(transaction: Transaction, owner: Owner): InodeRecord {
  const found = findDentry(transaction, ROOT_INO, LOST_AND_FOUND);
  if (found !== undefined) return editInode(transaction, found.ino);
  const root = editInode(transaction, ROOT_INO);
  const lost = blankInode(transaction.nextIno(), PRIVATE_DIRECTORY, owner);
  lost.nlink = 2;
  lost.parent = ROOT_INO;
  root.nlink += 1;
  putDentry(transaction, ROOT_INO, LOST_AND_FOUND, { ino: lost.ino, type: S_IFDIR });
  saveInode(transaction, root);
  transaction.countInodes(1);
  return lost;
}

/** Attributes of an inode about which nothing is known; its times are the begin of 1970. */
function blankInode(ino: number, mode: number, { uid, gid }: Owner): InodeRecord {
  const inode = new InodeRecord(ino, new Uint8Array(INODE_RECORD_SIZE));
  inode.mode = mode;
  inode.uid = uid;
  inode.gid = gid;
  return inode;
}

/**
 * Gives records of an inode without attributes new ones: a directory where there are names, a file as long as its
 * extents where there is content. Extended attributes of nothing go.
 */
export function rebuildInode(ino: number): Mend {
  return (transaction, owner) => {
    if (hasInode(transaction, ino)) return;
    const names = keysOf(transaction, ino, KeyKind.dentry, 1);
    const extents = extentsOf(transaction, ino);
    if (names.length > 0 || ino === ROOT_INO) {
      const directory = blankInode(ino, PRIVATE_DIRECTORY, owner);
      directory.nlink = 2;
      directory.parent = ROOT_INO;
      saveInode(transaction, directory);
    } else if (extents.length > 0) {
      saveInode(transaction, fileOf(extents, blankInode(ino, PRIVATE_FILE, owner)));
    } else {
      for (const key of keysOf(transaction, ino, KeyKind.xattr, 256)) transaction.delete(key);
    }
  };
}

function fileOf(extents: readonly Extent[], file: InodeRecord): InodeRecord {
  file.nlink = 1;
  file.size = Math.max(...extents.map(endOf));
  file.mappedBlocks = extents.reduce((sum, extent) => sum + extent.count, 0);
  return file;
}

function extentsOf(transaction: Transaction, ino: number): readonly Extent[] {
  const extents: Extent[] = [];
  const from = encodeKey(ino, KeyKind.extent);
  transaction.scan(from, keyAfterKind(ino, KeyKind.extent), (key, value) => {
    extents.push(decodeExtent(getU48(key, KEY_PREFIX), value));
    return true;
  });
  return extents;
}

function keysOf(
  transaction: Transaction,
  ino: number,
  kind: KeyKind,
  limit: number,
): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  transaction.scan(encodeKey(ino, kind), keyAfterKind(ino, kind), (key) => {
    keys.push(key.slice());
    return keys.length < limit;
  });
  return keys;
}

/** Where content surely ends, bytes. */
function endOf(extent: Extent): number {
  const start = extent.block * PAGE_SIZE;
  if (extent.kind === "inline") return start + extent.content.length;
  if (extent.kind === "piece") return start + extent.plainLength;
  return extentEnd(extent) * PAGE_SIZE;
}
