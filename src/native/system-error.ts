/**
 * The error of a failed system call, with the members Node's own have, so that callers treat both alike.
 *
 * @module
 */
import { getSystemErrorName } from "node:util";

/** A system call failed: `code` is the errno's name (`ENODATA`), `errno` its negative number. */
export class SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  /**
   * @param errno - negative, as the shim answers
   * @param syscall - its name, as in the man pages
   */
  constructor(errno: number, syscall: string) {
    const code = getSystemErrorName(errno);
    super(`${syscall}: ${code}`);
    this.name = "SystemError";
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}
