/**
 * Which operation serves which opcode. What is missing is answered ENOSYS, which the kernel remembers: locks (it keeps
 * them itself), BMAP, POLL and DAX mappings, OPEN and FLUSH (see `contents.ts`), and CREATE (see `names.ts`).
 *
 * @module
 */
import { OPCODE_END, Opcode, type OpcodeName } from "../protocol/opcode.ts";
import { access, getattr, readlink, setattr, statx } from "./attributes.ts";
import {
  copyFileRange,
  copyFileRange64,
  fallocate,
  fsync,
  lseek,
  read,
  write,
} from "./contents.ts";
import { opendir, readdir, readdirplus, releasedir } from "./directories.ts";
import {
  link,
  lookup,
  mkdir,
  mknod,
  rename,
  rename2,
  rmdir,
  symlink,
  tmpfile,
  unlink,
} from "./names.ts";
import type { Operation } from "./operation.ts";
import { batchForget, forget, ioctl, nothing, statfs, syncfs } from "./whole.ts";
import { getxattr, listxattr, removexattr, setxattr } from "./xattrs.ts";

const byName: Partial<Record<OpcodeName, Operation>> = {
  LOOKUP: lookup,
  FORGET: forget,
  BATCH_FORGET: batchForget,
  ACCESS: access,
  GETATTR: getattr,
  STATX: statx,
  SETATTR: setattr,
  READLINK: readlink,
  SYMLINK: symlink,
  MKNOD: mknod,
  MKDIR: mkdir,
  TMPFILE: tmpfile,
  LINK: link,
  UNLINK: unlink,
  RMDIR: rmdir,
  RENAME: rename,
  RENAME2: rename2,
  READ: read,
  WRITE: write,
  FSYNC: fsync,
  FALLOCATE: fallocate,
  LSEEK: lseek,
  COPY_FILE_RANGE: copyFileRange,
  COPY_FILE_RANGE_64: copyFileRange64,
  OPENDIR: opendir,
  READDIR: readdir,
  READDIRPLUS: readdirplus,
  RELEASEDIR: releasedir,
  FSYNCDIR: fsync,
  GETXATTR: getxattr,
  SETXATTR: setxattr,
  LISTXATTR: listxattr,
  REMOVEXATTR: removexattr,
  STATFS: statfs,
  SYNCFS: syncfs,
  IOCTL: ioctl,
  RELEASE: nothing,
  DESTROY: nothing,
};

/** Operations by opcode. */
export const operations: readonly (Operation | undefined)[] = Array.from(
  { length: OPCODE_END },
  (_, opcode) => {
    const name = (Object.keys(byName) as OpcodeName[]).find(
      (candidate) => Opcode[candidate] === opcode,
    );
    return name === undefined ? undefined : byName[name];
  },
);
