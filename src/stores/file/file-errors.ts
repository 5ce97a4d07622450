/**
 * Errors of a vault file, from what the operating system answered.
 *
 * @module
 */
import { fstatSync, readFileSync } from "node:fs";
import { StoreError, type StoreErrorCode } from "../../core/base/errors.ts";

const CODES: Readonly<Record<string, readonly [StoreErrorCode, string]>> = {
  ENOENT: ["STORE_MISSING", "there is no such file"],
  ENOTDIR: ["STORE_MISSING", "a part of the path is no directory"],
  EISDIR: ["STORE_MISSING", "it is not a regular file"],
  EEXIST: ["STORE_EXISTS", "there is a file already"],
  EACCES: ["STORE_DENIED", "permission denied"],
  EPERM: ["STORE_DENIED", "operation not permitted"],
  EROFS: ["STORE_DENIED", "the disk is read-only; open the vault read-only"],
  ENOSPC: ["STORE_FULL", "no space left on the disk"],
  EDQUOT: ["STORE_FULL", "the disk quota is used up"],
  EFBIG: ["STORE_FULL", "the file may not grow any more"],
};

/** What went wrong, as a StoreError; one that is already passes unchanged. */
export function storeError(path: string, action: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const systemCode = (cause as { readonly code?: string } | undefined)?.code ?? "";
  const [code, reason] = CODES[systemCode] ?? ["STORE_FAILED", systemCode || String(cause)];
  return new StoreError(code, `cannot ${action} ${path}: ${reason}`, { cause });
}

export function storeFull(path: string): StoreError {
  return new StoreError(
    "STORE_FULL",
    `no space left for ${path}: free some on its disk, or delete files in the vault`,
  );
}

/** Another process writes the vault; names it where the kernel tells. */
export function storeBusy(path: string, fd: number): StoreError {
  const holder = lockHolder(fd);
  const who = holder === undefined ? "another process" : `process ${holder}`;
  return new StoreError(
    "STORE_BUSY",
    `${path} is open for writing by ${who}; unmount it there, or open it read-only`,
  );
}

/** Process that holds the flock of an open file, from proc_locks(5). */
function lockHolder(fd: number): number | undefined {
  const { ino } = fstatSync(fd);
  let table: string;
  try {
    table = readFileSync("/proc/locks", "utf8");
  } catch {
    return undefined;
  }
  for (const line of table.split("\n")) {
    const [, kind, , access, pid, file] = line.trim().split(/\s+/);
    if (kind !== "FLOCK" || access !== "WRITE") continue;
    if (file?.split(":")[2] === String(ino)) return Number(pid);
  }
  return undefined;
}
