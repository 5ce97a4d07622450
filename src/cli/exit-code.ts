/**
 * What the process answers its caller: one number an error code.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | done |
 * | 1 | failed for another reason |
 * | 2 | wrong usage, or no source of the password |
 * | 10 | not mounted |
 * | 11 | wrong password or key |
 * | 12 | no such entry |
 * | 13 | store not reachable |
 * | 14 | no vault, or a format this version does not know |
 * | 15 | damaged |
 * | 16 | older than what was seen before |
 * | 130 | stopped by Ctrl-C |
 *
 * @module
 */
import { DvaultError, type ErrorCode } from "../core/base/errors.ts";

/** Numbers that mean something to scripts. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  notMounted: 10,
  wrongKey: 11,
  noEntry: 12,
  storeUnreachable: 13,
  formatUnsupported: 14,
  damaged: 15,
  rolledBack: 16,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const exitCodes = {
  EPERM: ExitCode.failed,
  ENOENT: ExitCode.noEntry,
  EIO: ExitCode.damaged,
  EBADF: ExitCode.failed,
  EACCES: ExitCode.failed,
  EEXIST: ExitCode.failed,
  EXDEV: ExitCode.failed,
  ENODEV: ExitCode.failed,
  ENOTDIR: ExitCode.failed,
  EISDIR: ExitCode.failed,
  EINVAL: ExitCode.failed,
  EFBIG: ExitCode.failed,
  ENOSPC: ExitCode.failed,
  EROFS: ExitCode.failed,
  EMLINK: ExitCode.failed,
  ERANGE: ExitCode.failed,
  ENAMETOOLONG: ExitCode.failed,
  ENOSYS: ExitCode.failed,
  ENOTEMPTY: ExitCode.failed,
  ELOOP: ExitCode.failed,
  ENODATA: ExitCode.noEntry,
  EOPNOTSUPP: ExitCode.failed,
  ESTALE: ExitCode.failed,
  E2BIG: ExitCode.failed,
  ENXIO: ExitCode.failed,
  EBUSY: ExitCode.failed,
  EINTR: ExitCode.interrupted,
  ETXTBSY: ExitCode.failed,
  NOT_A_VAULT: ExitCode.formatUnsupported,
  VERSION_UNKNOWN: ExitCode.formatUnsupported,
  RECORD_MALFORMED: ExitCode.damaged,
  VAULT_DAMAGED: ExitCode.damaged,
  PAGE_CORRUPT: ExitCode.damaged,
  PAGE_MISSING: ExitCode.damaged,
  WRONG_KEY: ExitCode.wrongKey,
  KEY_CLOSED: ExitCode.failed,
  KDF_LIMITS: ExitCode.formatUnsupported,
  LAST_SLOT: ExitCode.failed,
  NO_SUCH_SLOT: ExitCode.noEntry,
  STORE_MISSING: ExitCode.storeUnreachable,
  STORE_EXISTS: ExitCode.failed,
  STORE_BUSY: ExitCode.failed,
  STORE_DOWN: ExitCode.storeUnreachable,
  STORE_DENIED: ExitCode.storeUnreachable,
  STORE_FULL: ExitCode.failed,
  STORE_FAILED: ExitCode.failed,
  OBJECT_GONE: ExitCode.damaged,
  OBJECT_CUT: ExitCode.damaged,
  COMMIT_CONFLICT: ExitCode.failed,
  VAULT_READ_ONLY: ExitCode.failed,
  VAULT_FAILED: ExitCode.failed,
  VAULT_CLOSED: ExitCode.failed,
  VAULT_ROLLED_BACK: ExitCode.rolledBack,
  USAGE: ExitCode.usage,
  NO_PASSWORD_SOURCE: ExitCode.usage,
  NOT_MOUNTED: ExitCode.notMounted,
  MOUNT_FAILED: ExitCode.failed,
  CANCELLED: ExitCode.interrupted,
} as const satisfies Record<ErrorCode, ExitCode>;

/** The exit code of a failed run; anything but a {@link DvaultError} is 1. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof DvaultError ? exitCodes[error.code] : ExitCode.failed;
}
