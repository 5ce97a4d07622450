/**
 * Flag bits of the FUSE kernel protocol, as far as dvault sends or understands them (fuse.h 7.45).
 *
 * @module
 */

/** What kernel and file system agree on at INIT: bits 0 to 31. */
export const InitFlag = {
  ASYNC_READ: 1 << 0,
  EXPORT_SUPPORT: 1 << 4,
  BIG_WRITES: 1 << 5,
  DONT_MASK: 1 << 6,
  DO_READDIRPLUS: 1 << 13,
  READDIRPLUS_AUTO: 1 << 14,
  WRITEBACK_CACHE: 1 << 16,
  NO_OPEN_SUPPORT: 1 << 17,
  PARALLEL_DIROPS: 1 << 18,
  POSIX_ACL: 1 << 20,
  MAX_PAGES: 1 << 22,
  CACHE_SYMLINKS: 1 << 23,
  EXPLICIT_INVAL_DATA: 1 << 25,
  HANDLE_KILLPRIV_V2: 1 << 28,
  SETXATTR_EXT: 1 << 29,
  INIT_EXT: 1 << 30,
} as const;

/** Which members of a SETATTR are meant (FATTR_*). */
export const SetattrFlag = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  /** FATTR_FH: through an open file. */
  OPEN_FILE: 1 << 6,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  CTIME: 1 << 10,
  KILL_SUIDGID: 1 << 11,
} as const;

/** How the kernel shall treat an open file (FOPEN_*). */
export const OpenFlag = {
  KEEP_CACHE: 1 << 1,
} as const;

/** O_NOATIME of open(2), among the flags of an open file: the same on x86-64 and arm64. */
export const O_NOATIME: number = 0o1000000;

/** FUSE_WRITE_KILL_SUIDGID: the writer has no CAP_FSETID. */
export const WRITE_KILL_SUIDGID: number = 1 << 2;

/** FUSE_SETXATTR_ACL_KILL_SGID: clear set-group-ID along with setting an access ACL. */
export const SETXATTR_ACL_KILL_SGID: number = 1 << 0;

/** Codes of notifications, sent where a reply has its error. */
export const NotifyCode = {
  INVAL_INODE: 2,
  INVAL_ENTRY: 3,
  DELETE: 6,
} as const;
