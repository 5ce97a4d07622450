/**
 * Modes, owners, times and extended attributes of files of the host.
 *
 * @module
 */
import { type BigIntStats, chmodSync, closeSync, constants, lchownSync, openSync } from "node:fs";
import {
  type Attributes,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_ISGID,
  S_ISUID,
  type Time,
} from "../../core/fs/file-system.ts";
import { getXattr, listXattrs, setTimes, setXattr } from "../../native/host.ts";
import { isSystemError } from "../report-error.ts";

/** Linux: opens the place, not the file; missing in Node's constants. */
const O_PATH = 0o10000000;

const SECOND_NS = 1_000_000_000n;

/** One extended attribute. */
export interface Xattr {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** What {@link applyMetadata} may set. */
export interface MetadataPolicy {
  readonly owners: boolean;
  readonly privileges: boolean;
}

/** A time out of nanoseconds since the epoch. */
export function timeOfNs(ns: bigint): Time {
  const nsec = ((ns % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return { sec: Number((ns - nsec) / SECOND_NS), nsec: Number(nsec) };
}

/** Whether the file has fewer blocks than bytes, so that looking for holes is worth it. */
export function isSparse(stat: BigIntStats): boolean {
  return stat.blocks * 512n < stat.size;
}

/**
 * Extended attributes that can be kept: `user.`, `trusted.`, `security.` and POSIX ACLs; empty where the file system
 * has none.
 *
 * @param path - of the entry; a symbolic link is not followed
 */
export function readXattrs(path: Uint8Array): readonly Xattr[] {
  const xattrs: Xattr[] = [];
  for (const name of listNames(path)) {
    if (!isKept(Buffer.from(name).toString("latin1"))) continue;
    const value = readValue(path, name);
    if (value !== undefined) xattrs.push({ name, value });
  }
  return xattrs;
}

/**
 * Gives an entry of the host the attributes it had in the vault, times last. What the caller may not set is an error
 * only for modes and times.
 *
 * @param path - of the entry in an open directory; a symbolic link is not followed
 * @returns names of extended attributes that could not be set
 */
export function applyMetadata(
  path: Buffer,
  attributes: Attributes,
  xattrs: readonly Xattr[],
  policy: MetadataPolicy,
): readonly string[] {
  if (policy.owners) lchownSync(path, attributes.uid, attributes.gid);
  const lost = xattrs
    .filter((xattr) => !trySetXattr(path, xattr, policy))
    .map((xattr) => nameOf(xattr));
  if ((attributes.mode & S_IFMT) !== S_IFLNK)
    changeMode(path, allowedMode(attributes.mode, policy));
  setTimes(path, attributes.atime, attributes.mtime);
  return lost;
}

/** Permission bits that may be set on the host: set-ID bits of files only where that was asked for. */
function allowedMode(mode: number, policy: Pick<MetadataPolicy, "privileges">): number {
  const bits = mode & 0o7777;
  if (policy.privileges) return bits;
  return (mode & S_IFMT) === S_IFDIR ? bits & ~S_ISUID : bits & ~(S_ISUID | S_ISGID);
}

function listNames(path: Uint8Array): readonly Uint8Array[] {
  try {
    return listXattrs(path);
  } catch (error) {
    if (hasCode(error, "EOPNOTSUPP", "ENOTSUP", "ENOSYS")) return [];
    throw error;
  }
}

/** Undefined when the attribute went meanwhile or may not be read. */
function readValue(path: Uint8Array, name: Uint8Array): Uint8Array | undefined {
  try {
    return getXattr(path, name);
  } catch (error) {
    if (hasCode(error, "ENODATA", "EPERM", "EACCES", "EOPNOTSUPP", "ENOTSUP")) return undefined;
    throw error;
  }
}

function isKept(name: string): boolean {
  return (
    /^(user|trusted|security)\./.test(name) || /^system\.posix_acl_(access|default)$/.test(name)
  );
}

function trySetXattr(path: Buffer, xattr: Xattr, policy: MetadataPolicy): boolean {
  const name = nameOf(xattr);
  if (!isKept(name)) return false;
  if (name === "security.capability" && !policy.privileges) return false;
  try {
    setXattr(path, xattr.name, xattr.value);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

function nameOf(xattr: Xattr): string {
  return Buffer.from(xattr.name).toString("latin1");
}

/** chmod(2) that never follows a symbolic link: by way of the opened place. */
function changeMode(path: Buffer, mode: number): void {
  const place = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${place}`, mode);
  } finally {
    closeSync(place);
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isSystemError(error) && codes.includes(error.code);
}
