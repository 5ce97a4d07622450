/**
 * Making inodes: `mknod`, `mkdir`, `symlink`, `tmpfile`, and the root directory of a new vault.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { SYMLINK_MAX } from "../base/limits.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import { shortBytes } from "../base/short-bytes.ts";
import { encodeKey, extentKey, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import {
  ACL_ACCESS,
  ACL_DEFAULT,
  decodeAcl,
  encodeAcl,
  inheritAcl,
  isExtended,
  modeOfAcl,
} from "./acl.ts";
import { checkNewName, findDentry, putDentry } from "./dentry.ts";
import { encodeExtent } from "./extent.ts";
import {
  type Attributes,
  type Caller,
  type Creation,
  type NamePlace,
  ROOT_INO,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
} from "./file-system.ts";
import type { FsContext } from "./fs-context.ts";
import { INODE_RECORD_SIZE, InodeFlag, InodeRecord, TimeField } from "./inode-record.ts";
import { editDirectory, saveInode } from "./inodes.ts";
import { putNameless } from "./orphans.ts";
import { putInlineXattr, readXattr } from "./xattr-record.ts";

const PERMISSIONS = 0o7777;
const MKNOD_TYPES: readonly number[] = [S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];

/** @see FileSystem.mknod */
export function mknod(
  context: FsContext,
  place: NamePlace,
  creation: Creation,
  rdev: number,
): MaybePromise<Attributes> {
  const type = creation.mode & S_IFMT || S_IFREG;
  if (type === S_IFDIR) throw new FsError("EPERM", "mknod makes no directories");
  if (!MKNOD_TYPES.includes(type)) {
    throw new FsError("EINVAL", `mknod makes no inodes of type ${type.toString(8)}`);
  }
  const done = context.change((transaction) => {
    const directory = openPlace(transaction, place);
    const inode = newInode(context, transaction, directory, ofType(type, creation));
    if (type === S_IFCHR || type === S_IFBLK) inode.rdev = rdev;
    return enter(context, transaction, directory, { inode, name: place.name });
  });
  return tellAdded(context, place, done);
}

/** @see FileSystem.mkdir */
export function mkdir(
  context: FsContext,
  place: NamePlace,
  creation: Creation,
): MaybePromise<Attributes> {
  const done = context.change((transaction) => {
    const directory = openPlace(transaction, place);
    const inode = newInode(context, transaction, directory, ofType(S_IFDIR, creation));
    inode.nlink = 2;
    inode.parent = directory.ino;
    directory.nlink += 1;
    return enter(context, transaction, directory, { inode, name: place.name });
  });
  return tellAdded(context, place, done);
}

/** @see FileSystem.symlink */
export function symlink(
  context: FsContext,
  place: NamePlace,
  target: Uint8Array,
  caller: Caller,
): MaybePromise<Attributes> {
  if (target.length === 0) throw new FsError("ENOENT", "the target of a link is empty");
  if (target.length > SYMLINK_MAX) {
    throw new FsError("ENAMETOOLONG", `a target of ${target.length} bytes is too long`);
  }
  const done = context.change((transaction) => {
    const directory = openPlace(transaction, place);
    const asked = { type: S_IFLNK, mode: 0o777, umask: 0, caller };
    const inode = newInode(context, transaction, directory, asked);
    inode.size = target.length;
    const content = encodeExtent({ kind: "inline", block: 0, count: 1, content: target });
    transaction.put(extentKey(inode.ino, 0), content);
    return enter(context, transaction, directory, { inode, name: place.name });
  });
  return tellAdded(context, place, done);
}

/** @see FileSystem.tmpfile */
export function tmpfile(
  context: FsContext,
  parent: number,
  creation: Creation,
): MaybePromise<Attributes> {
  return context.change((transaction) => {
    const directory = editDirectory(transaction, parent);
    const inode = newInode(context, transaction, directory, ofType(S_IFREG, creation));
    inode.nlink = 0;
    inode.mark(InodeFlag.linkable, true);
    saveInode(transaction, inode);
    putNameless(context, transaction, inode.ino);
    return inode.attributes(0);
  });
}

/** Puts a character device 0:0 without permissions, which overlayfs takes for a deleted name, where a name was. */
export function putWhiteout(
  context: FsContext,
  transaction: Transaction,
  place: NamePlace,
  caller: Caller,
): void {
  const directory = editDirectory(transaction, place.parent);
  const asked = { type: S_IFCHR, mode: 0, umask: 0, caller };
  const inode = newInode(context, transaction, directory, asked);
  saveInode(transaction, inode);
  putDentry(transaction, place.parent, place.name, { ino: inode.ino, type: inode.mode });
}

/** Makes the root directory of a new vault; one that is there stays as it is. */
export function makeRoot(context: FsContext, creation: Creation): MaybePromise<void> {
  return context.change((transaction) => {
    const key = encodeKey(ROOT_INO, KeyKind.attributes);
    if (transaction.get(key) !== undefined) return;
    const root = blankInode(context, ROOT_INO);
    root.mode = S_IFDIR | (creation.mode & PERMISSIONS & ~creation.umask);
    root.nlink = 2;
    root.uid = creation.caller.uid;
    root.gid = creation.caller.gid;
    root.parent = ROOT_INO;
    saveInode(transaction, root);
    transaction.countInodes(1);
  });
}

/** Lets those who list the directory know of the name, once it is there. */
export function tellAdded(
  context: FsContext,
  { parent, name }: NamePlace,
  done: MaybePromise<Attributes>,
): MaybePromise<Attributes> {
  return chain(done, (attributes) => {
    context.passes.added(parent, name);
    return attributes;
  });
}

/** The directory of a name that is free, under edit. */
function openPlace(transaction: Transaction, place: NamePlace): InodeRecord {
  checkNewName(place.name);
  const directory = editDirectory(transaction, place.parent);
  if (findDentry(transaction, place.parent, place.name) !== undefined) {
    throw new FsError("EEXIST", `the name is taken in directory ${place.parent}`);
  }
  return directory;
}

/** An inode with its name, both under edit. */
interface NewEntry {
  readonly inode: InodeRecord;
  readonly name: Uint8Array;
}

/** Saves a new inode and its name. */
function enter(
  context: FsContext,
  transaction: Transaction,
  directory: InodeRecord,
  entry: NewEntry,
): Attributes {
  const { inode, name } = entry;
  saveInode(transaction, inode);
  putDentry(transaction, directory.ino, name, { ino: inode.ino, type: inode.mode });
  context.stampContent(directory);
  saveInode(transaction, directory);
  return inode.attributes(0);
}

function blankInode(context: FsContext, ino: number): InodeRecord {
  const inode = new InodeRecord(ino, shortBytes(INODE_RECORD_SIZE));
  context.stamp(inode, TimeField.atime, TimeField.mtime, TimeField.ctime, TimeField.btime);
  return inode;
}

/** What an inode is to be. */
interface Asked extends Creation {
  /** `S_IFMT` bits. */
  readonly type: number;
}

function ofType(type: number, { mode, umask, caller }: Creation): Asked {
  return { type, mode, umask, caller };
}

/** An inode as its directory makes it: owner, group, permissions, access control lists. */
function newInode(
  context: FsContext,
  transaction: Transaction,
  directory: InodeRecord,
  asked: Asked,
): InodeRecord {
  const { type, caller } = asked;
  const inode = blankInode(context, transaction.nextIno());
  const setsGroup = (directory.mode & S_ISGID) !== 0;
  inode.nlink = 1;
  inode.uid = caller.uid;
  inode.gid = setsGroup ? directory.gid : caller.gid;
  const heir = { ino: inode.ino, directory: directory.ino };
  let mode = inheritMode(context, transaction, asked, heir);
  if (setsGroup && type === S_IFDIR) mode |= S_ISGID;
  inode.mode = type | mode;
  transaction.countInodes(1);
  return inode;
}

/** Permission bits of a new inode; where the directory has a default list, it takes the place of the umask. */
function inheritMode(
  context: FsContext,
  transaction: Transaction,
  asked: Asked,
  { ino, directory }: { readonly ino: number; readonly directory: number },
): number {
  const mode = asked.mode & PERMISSIONS;
  const list = asked.type === S_IFLNK ? undefined : readXattr(transaction, directory, ACL_DEFAULT);
  if (list === undefined) {
    context.bare.tell(transaction, ino);
    return mode & ~asked.umask;
  }
  const acl = inheritAcl(decodeAcl(list), mode);
  if (isExtended(acl)) putInlineXattr(transaction, ino, ACL_ACCESS, encodeAcl(acl));
  if (asked.type === S_IFDIR) putInlineXattr(transaction, ino, ACL_DEFAULT, list);
  return modeOfAcl(acl, mode);
}
