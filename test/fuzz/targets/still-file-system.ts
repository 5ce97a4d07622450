/**
 * A file system that gives every call the same answer, whatever it is asked for: what is fuzzed stands in front of it.
 *
 * @module
 */
import { utf8 } from "../../../src/core/base/bytes.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFREG,
  S_ISGID,
} from "../../../src/core/fs/file-system.ts";

const NOW = { sec: 1_700_000_000, nsec: 5 };
const TIMES = { atime: NOW, mtime: NOW, ctime: NOW, btime: NOW };
const SIZES = { size: 10, blocks: 8, nlink: 1, rdev: 0 };

/** Attributes of everything: of a file whose set-ID bits may be at stake. */
export const STILL_ATTRIBUTES: Attributes = {
  ino: 2,
  mode: S_IFREG | S_ISGID | 0o644,
  uid: 1000,
  gid: 1000,
  ...SIZES,
  ...TIMES,
};

const attributes = (): Attributes => STILL_ATTRIBUTES;
const nothing = (): void => {};
const content = utf8("0123456789");

export const stillFileSystem: FileSystem = {
  readOnly: false,
  ...{ lookup: attributes, getattr: attributes, setattr: attributes, mknod: attributes },
  ...{ mkdir: attributes, symlink: attributes, tmpfile: attributes, link: attributes },
  ...{ rename: nothing, retain: nothing, forget: nothing, fsync: nothing, fallocate: nothing },
  ...{ setxattr: nothing, removexattr: nothing, syncfs: nothing },
  readlink: () => content,
  unlink: () => 2,
  rmdir: () => 2,
  read: (_ino, _offset, length) => [content.subarray(0, length)],
  write: (_ino, _offset, data) => data.length,
  lseek: (_ino, offset) => offset,
  copyFileRange: (_from, _to, length) => length,
  opendir: () => ({
    read: (cookie, limit) =>
      [".", "..", "a", "bc"].slice(cookie, cookie + limit).map((text, n) => ({
        name: utf8(text),
        ino: ROOT_INO + n,
        type: STILL_ATTRIBUTES.mode,
        cookie: cookie + n + 1,
        attributes: STILL_ATTRIBUTES,
      })),
  }),
  getxattr: () => content,
  listxattr: () => [utf8("user.a"), utf8("trusted.b")],
  statfs: () => ({ blockSize: 4096, blocks: 9, freeBlocks: 8, inodes: 7, nameMax: 255 }),
};
