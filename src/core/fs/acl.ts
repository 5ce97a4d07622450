/**
 * POSIX access control lists (acl(5)), in the form in which Linux hands them over as extended attributes:
 *
 *     offset  bytes  field (little-endian)
 *     0       4      version, 2
 *     4       8 n    entries: tag 2, permissions 2, id 4
 *
 * An access list and the mode say the same about owner, group class and others; here is what keeps them so.
 *
 * @module
 */
import { utf8 } from "../base/bytes.ts";
import { FsError } from "../base/errors.ts";

/** Name of the list that a directory's new entries inherit. */
export const ACL_DEFAULT: Uint8Array = utf8("system.posix_acl_default");

/** Name of the list that decides about access. */
export const ACL_ACCESS: Uint8Array = utf8("system.posix_acl_access");

/** One entry of a list. */
export interface AclEntry {
  readonly tag: number;
  /** `rwx` as 4, 2, 1. */
  readonly permissions: number;
  /** User or group of a named entry. */
  readonly id: number;
}

const Tag = { owner: 1, user: 2, group: 4, namedGroup: 8, mask: 16, others: 32 } as const;

/** The order that entries must have; the second and fourth may come any number of times. */
const ORDER: readonly number[] = [
  Tag.owner,
  Tag.user,
  Tag.group,
  Tag.namedGroup,
  Tag.mask,
  Tag.others,
];

const VERSION = 2;
const HEADER = 4;
const ENTRY = 8;
const UNUSED_ID = 0xffff_ffff;

/**
 * Reads and checks a list; one without entries stands for "none".
 * @throws FsError EINVAL, EOPNOTSUPP
 */
export function decodeAcl(value: Uint8Array): readonly AclEntry[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length < HEADER || (value.length - HEADER) % ENTRY !== 0) throw malformed();
  if (view.getUint32(0, true) !== VERSION) {
    throw new FsError("EOPNOTSUPP", `access control lists of version ${view.getUint32(0, true)}`);
  }
  const entries: AclEntry[] = [];
  for (let at = HEADER; at < value.length; at += ENTRY) {
    entries.push({
      tag: view.getUint16(at, true),
      permissions: view.getUint16(at + 2, true),
      id: view.getUint32(at + 4, true),
    });
  }
  if (entries.length > 0) checkAcl(entries);
  return entries;
}

export function encodeAcl(entries: readonly AclEntry[]): Uint8Array {
  const value = new Uint8Array(HEADER + entries.length * ENTRY);
  const view = new DataView(value.buffer);
  view.setUint32(0, VERSION, true);
  entries.forEach((entry, i) => {
    const at = HEADER + i * ENTRY;
    view.setUint16(at, entry.tag, true);
    view.setUint16(at + 2, entry.permissions, true);
    view.setUint32(at + 4, isNamed(entry) ? entry.id : UNUSED_ID, true);
  });
  return value;
}

function malformed(): FsError {
  return new FsError("EINVAL", "the access control list is malformed");
}

function isNamed(entry: AclEntry): boolean {
  return entry.tag === Tag.user || entry.tag === Tag.namedGroup;
}

function checkAcl(entries: readonly AclEntry[]): void {
  let place = -1;
  for (const entry of entries) {
    const next = ORDER.indexOf(entry.tag);
    const isInOrder = next > place || (next === place && isNamed(entry));
    if (!isInOrder || entry.permissions > 7) throw malformed();
    if (isNamed(entry) && entry.id === UNUSED_ID) throw malformed();
    place = next;
  }
  const has = (tag: number): boolean => entries.some((entry) => entry.tag === tag);
  if (!has(Tag.owner) || !has(Tag.group) || !has(Tag.others)) throw malformed();
  if (isExtended(entries) && !has(Tag.mask)) throw malformed();
}

/** Whether a list says more than the nine permission bits can (a lone mask counts). */
export function isExtended(entries: readonly AclEntry[]): boolean {
  return entries.some((entry) => isNamed(entry) || entry.tag === Tag.mask);
}

/** The tag that the group bits of the mode stand for. */
function groupClass(entries: readonly AclEntry[]): number {
  return entries.some((entry) => entry.tag === Tag.mask) ? Tag.mask : Tag.group;
}

/** By how many bits the permissions of a tag stand shifted in the mode; undefined where they do not stand there. */
function shiftOf(tag: number, group: number): number | undefined {
  if (tag === Tag.owner) return 6;
  if (tag === group) return 3;
  return tag === Tag.others ? 0 : undefined;
}

/** A mode whose permission bits say what an access list says. */
export function modeOfAcl(entries: readonly AclEntry[], mode: number): number {
  const group = groupClass(entries);
  let bits = 0;
  for (const { tag, permissions } of entries) {
    const shift = shiftOf(tag, group);
    if (shift !== undefined) bits |= permissions << shift;
  }
  return (mode & ~0o777) | bits;
}

/** An access list after `chmod` to a mode. */
export function aclAfterChmod(entries: readonly AclEntry[], mode: number): readonly AclEntry[] {
  const group = groupClass(entries);
  return entries.map((entry) => {
    const shift = shiftOf(entry.tag, group);
    return shift === undefined ? entry : { ...entry, permissions: (mode >>> shift) & 7 };
  });
}

/** The access list of a new inode in a directory with a default list: no class gets more than was asked for. */
export function inheritAcl(entries: readonly AclEntry[], mode: number): readonly AclEntry[] {
  const group = groupClass(entries);
  return entries.map((entry) => {
    const shift = shiftOf(entry.tag, group);
    if (shift === undefined) return entry;
    return { ...entry, permissions: entry.permissions & (mode >>> shift) & 7 };
  });
}
