/**
 * Every error dvault raises on purpose, told apart by `code`, never by message.
 *
 * A bug is an `assert` (plain Error, no code); bad input, damage and refusals are a `DvaultError`.
 * Each edge (errno in the mount, exit code in the CLI) owns a total map over {@link ErrorCode}, so a
 * new code does not compile until every edge answers it. Messages are lower case, carry the values
 * concerned, and never a secret, a key or a plaintext name.
 *
 * @module
 */

/** Codes of {@link FsError}: the POSIX errno names a file system call may answer. */
export type FsErrorCode =
  | "EPERM"
  | "ENOENT"
  | "EIO"
  | "EBADF"
  | "EACCES"
  | "EEXIST"
  | "EXDEV"
  | "ENODEV"
  | "ENOTDIR"
  | "EISDIR"
  | "EINVAL"
  | "EFBIG"
  | "ENOSPC"
  | "EROFS"
  | "EMLINK"
  | "ERANGE"
  | "ENAMETOOLONG"
  | "ENOSYS"
  | "ENOTEMPTY"
  | "ELOOP"
  | "ENODATA"
  | "EOPNOTSUPP"
  | "ESTALE"
  | "E2BIG"
  | "ENXIO"
  | "EBUSY"
  | "EINTR"
  | "ETXTBSY";

/** Codes of {@link FormatError}. */
export type FormatErrorCode =
  | "NOT_A_VAULT"
  | "VERSION_UNKNOWN"
  | "RECORD_MALFORMED"
  | "VAULT_DAMAGED";
/** Codes of {@link PageError}. */
export type PageErrorCode = "PAGE_CORRUPT" | "PAGE_MISSING";
/** Codes of {@link KeyError}. */
export type KeyErrorCode = "WRONG_KEY" | "KEY_CLOSED" | "KDF_LIMITS" | "LAST_SLOT" | "NO_SUCH_SLOT";
/** Codes of {@link StoreError}. */
export type StoreErrorCode =
  | "STORE_MISSING"
  | "STORE_EXISTS"
  | "STORE_BUSY"
  | "STORE_DOWN"
  | "STORE_DENIED"
  | "STORE_FULL"
  | "STORE_FAILED"
  | "OBJECT_GONE"
  | "OBJECT_CUT";
/** Codes of {@link CommitError}. */
export type CommitErrorCode =
  | "COMMIT_CONFLICT"
  | "VAULT_READ_ONLY"
  | "VAULT_FAILED"
  | "VAULT_CLOSED";
/** Codes of {@link RollbackError}. */
export type RollbackErrorCode = "VAULT_ROLLED_BACK";
/** Codes of {@link UsageError}. */
export type UsageErrorCode =
  | "USAGE"
  | "NO_PASSWORD_SOURCE"
  | "NOT_MOUNTED"
  | "MOUNT_FAILED"
  | "CANCELLED";

/** The union every edge maps totally. */
export type ErrorCode =
  | FsErrorCode
  | FormatErrorCode
  | PageErrorCode
  | KeyErrorCode
  | StoreErrorCode
  | CommitErrorCode
  | RollbackErrorCode
  | UsageErrorCode;

/** Base of all errors dvault raises on purpose. */
export class DvaultError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/**
 * A file system call was refused for a reason POSIX names. Programs probe for names that are not there all the time, so
 * these carry no stack: taking one costs more than the call.
 */
export class FsError extends DvaultError {
  declare readonly code: FsErrorCode;

  constructor(code: FsErrorCode, message?: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message ?? code, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Bytes that are no vault, of an unknown version, or malformed. */
export class FormatError extends DvaultError {
  declare readonly code: FormatErrorCode;

  constructor(code: FormatErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** One page could not be read or did not authenticate; carries its address. */
export class PageError extends DvaultError {
  declare readonly code: PageErrorCode;
  readonly address: number;

  constructor(code: PageErrorCode, address: number, message: string, options?: ErrorOptions) {
    super(code, `page ${address}: ${message}`, options);
    this.address = address;
  }
}

/** A key did not open the vault, or a key operation was refused. Says no more than needed. */
export class KeyError extends DvaultError {
  declare readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A store cannot be reached, is held by another writer, is full, or failed. */
export class StoreError extends DvaultError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The vault cannot commit: read-only, closed, superseded by another writer, or failed before. */
export class CommitError extends DvaultError {
  declare readonly code: CommitErrorCode;

  constructor(code: CommitErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A vault is at an older commit than was seen of it before. */
export class RollbackError extends DvaultError {
  declare readonly code: RollbackErrorCode;
  /** Number of the commit it is at. */
  readonly generation: number;
  /** Number of the newest commit that was seen. */
  readonly seen: number;

  constructor(message: string, generation: number, seen: number) {
    super("VAULT_ROLLED_BACK", message);
    this.generation = generation;
    this.seen = seen;
  }
}

/** The person or program at the command line asked for something that cannot be done so. */
export class UsageError extends DvaultError {
  declare readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Whether an error says that a page, or a record in it, is damaged or missing. */
export function isDamage(error: unknown): error is PageError | FormatError {
  return error instanceof PageError || error instanceof FormatError;
}

/** Whether an error says that what was to be read cannot be: {@link isDamage}, or of records that do not fit each other. */
export function isUnreadable(error: unknown): error is PageError | FormatError | FsError {
  return isDamage(error) || error instanceof FsError;
}
