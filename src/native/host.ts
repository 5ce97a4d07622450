/**
 * System calls that Node does not offer, for the stores and the CLI. Paths and names are bytes, so names of any
 * encoding work. Failures are thrown as {@link SystemError}.
 *
 * @module
 */
import { shim } from "./load.ts";
import { SystemError } from "./system-error.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const EWOULDBLOCK = -11;
const ENXIO = -6;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;

/**
 * Takes, changes or drops the lock of an open file (flock(2)) without waiting.
 * @returns false when somebody else holds it
 */
export function tryLock(fd: number, kind: "shared" | "exclusive" | "none"): boolean {
  const operation = { shared: LOCK_SH, exclusive: LOCK_EX, none: LOCK_UN }[kind];
  const status = shim().flock(fd, operation | LOCK_NB);
  if (status === EWOULDBLOCK) return false;
  check(status, "flock");
  return true;
}

/**
 * The first offset at or behind `offset` that holds data, or that is in a hole; the end of a file counts as a hole.
 * @returns undefined when there is none
 */
export function seek(fd: number, offset: number, whence: "data" | "hole"): number | undefined {
  const found = shim().lseek(fd, offset, whence === "data" ? SEEK_DATA : SEEK_HOLE);
  if (found === ENXIO) return undefined;
  return check(found, "lseek");
}

/** Reserves room for a part of a file, growing it when needed (fallocate(2)). */
export function allocate(fd: number, offset: number, length: number): void {
  check(shim().fallocate(fd, 0, offset, length), "fallocate");
}

/** Gives the room of a part of a file back; it reads as zeros then (FALLOC_FL_PUNCH_HOLE). */
export function punchHole(fd: number, offset: number, length: number): void {
  check(
    shim().fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length),
    "fallocate",
  );
}

/**
 * Makes a device, FIFO, socket or empty file (mknod(2)).
 * @param device - the kernel's 32-bit number of a device node, else 0
 */
export function mknod(path: Uint8Array, mode: number, device: number): void {
  check(shim().mknod(path, mode, device), "mknod");
}

/** A time in whole seconds (may be negative) and nanoseconds. */
export interface HostTime {
  readonly sec: number;
  readonly nsec: number;
}

/** Sets the times of a file or of a symbolic link itself (utimensat(2)). */
export function setTimes(path: Uint8Array, atime: HostTime, mtime: HostTime): void {
  const times = Float64Array.of(atime.sec, atime.nsec, mtime.sec, mtime.nsec);
  check(shim().utimens(path, times), "utimensat");
}

/** Value of an extended attribute, of a link itself; fresh array. Code ENODATA when there is none. */
export function getXattr(path: Uint8Array, name: Uint8Array): Uint8Array {
  return bytesOf(shim().lgetxattr(path, name), "lgetxattr");
}

/** Sets an extended attribute (lsetxattr(2)). */
export function setXattr(
  path: Uint8Array,
  name: Uint8Array,
  value: Uint8Array,
  mode: "set" | "create" | "replace" = "set",
): void {
  const flags = { set: 0, create: XATTR_CREATE, replace: XATTR_REPLACE }[mode];
  check(shim().lsetxattr(path, name, value, flags), "lsetxattr");
}

/** Names of the extended attributes, in the order the kernel gives them; fresh arrays. */
export function listXattrs(path: Uint8Array): Uint8Array[] {
  const list = bytesOf(shim().llistxattr(path), "llistxattr");
  const names: Uint8Array[] = [];
  for (
    let start = 0, end = list.indexOf(0);
    end >= 0;
    start = end + 1, end = list.indexOf(0, start)
  ) {
    names.push(list.slice(start, end));
  }
  return names;
}

/** Removes an extended attribute (lremovexattr(2)). */
export function removeXattr(path: Uint8Array, name: Uint8Array): void {
  check(shim().lremovexattr(path, name), "lremovexattr");
}

function check(status: number, syscall: string): number {
  if (status < 0) throw new SystemError(status, syscall);
  return status;
}

function bytesOf(result: Uint8Array | number, syscall: string): Uint8Array {
  if (typeof result === "number") throw new SystemError(result, syscall);
  return result;
}
