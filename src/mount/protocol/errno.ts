/**
 * Error codes as Linux errno numbers: the mount's edge of `core/base/errors.ts`.
 *
 * @module
 */
import { DvaultError, type ErrorCode } from "../../core/base/errors.ts";

/** Numbers of the errnos used, from errno(3). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  ESTALE: 116,
} as const;

const errnoOfCode = {
  EPERM: Errno.EPERM,
  ENOENT: Errno.ENOENT,
  EIO: Errno.EIO,
  EBADF: Errno.EBADF,
  EACCES: Errno.EACCES,
  EEXIST: Errno.EEXIST,
  EXDEV: Errno.EXDEV,
  ENODEV: Errno.ENODEV,
  ENOTDIR: Errno.ENOTDIR,
  EISDIR: Errno.EISDIR,
  EINVAL: Errno.EINVAL,
  EFBIG: Errno.EFBIG,
  ENOSPC: Errno.ENOSPC,
  EROFS: Errno.EROFS,
  EMLINK: Errno.EMLINK,
  ERANGE: Errno.ERANGE,
  ENAMETOOLONG: Errno.ENAMETOOLONG,
  ENOSYS: Errno.ENOSYS,
  ENOTEMPTY: Errno.ENOTEMPTY,
  ELOOP: Errno.ELOOP,
  ENODATA: Errno.ENODATA,
  EOPNOTSUPP: Errno.EOPNOTSUPP,
  ESTALE: Errno.ESTALE,
  E2BIG: Errno.E2BIG,
  ENXIO: Errno.ENXIO,
  EBUSY: Errno.EBUSY,
  EINTR: Errno.EINTR,
  ETXTBSY: Errno.ETXTBSY,
  NOT_A_VAULT: Errno.EIO,
  VERSION_UNKNOWN: Errno.EIO,
  RECORD_MALFORMED: Errno.EIO,
  VAULT_DAMAGED: Errno.EIO,
  PAGE_CORRUPT: Errno.EIO,
  PAGE_MISSING: Errno.EIO,
  WRONG_KEY: Errno.EACCES,
  KEY_CLOSED: Errno.EACCES,
  KDF_LIMITS: Errno.EIO,
  LAST_SLOT: Errno.EPERM,
  NO_SUCH_SLOT: Errno.EINVAL,
  STORE_MISSING: Errno.EIO,
  STORE_EXISTS: Errno.EEXIST,
  STORE_BUSY: Errno.EAGAIN,
  STORE_DOWN: Errno.EIO,
  STORE_DENIED: Errno.EACCES,
  STORE_FULL: Errno.ENOSPC,
  STORE_FAILED: Errno.EIO,
  OBJECT_GONE: Errno.EIO,
  OBJECT_CUT: Errno.EIO,
  COMMIT_CONFLICT: Errno.ESTALE,
  VAULT_READ_ONLY: Errno.EROFS,
  VAULT_FAILED: Errno.EIO,
  VAULT_CLOSED: Errno.EIO,
  VAULT_ROLLED_BACK: Errno.ESTALE,
  USAGE: Errno.EINVAL,
  NO_PASSWORD_SOURCE: Errno.EACCES,
  NOT_MOUNTED: Errno.EIO,
  MOUNT_FAILED: Errno.EIO,
  CANCELLED: Errno.EINTR,
} as const satisfies Record<ErrorCode, number>;

/** The errno, positive, that says an error to the kernel; EIO for what was not raised on purpose. */
export function errnoOf(error: unknown): number {
  return error instanceof DvaultError ? errnoOfCode[error.code] : Errno.EIO;
}

/** Whether a word from elsewhere is a code of our errors. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errnoOfCode, code);
}
