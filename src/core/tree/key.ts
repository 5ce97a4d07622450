/**
 * Keys of the TOC: `inode (8 bytes) | kind (1 byte) | subkey`, ordered as unsigned bytes, so that everything about an
 * inode stands together and new inodes go to the right edge (FORMAT.md §6.1).
 *
 * @module
 */
import { putU48, putU64 } from "../base/bytes.ts";

/** What a TOC record is about. */
export const KeyKind = {
  /** Inode attributes; no subkey. */
  attributes: 0x10,
  /** Extended attribute; subkey is its name. */
  xattr: 0x20,
  /** Directory entry; subkey is its name. */
  dentry: 0x30,
  /** Extent, piece or inline data; subkey is the first logical block, 6 bytes. */
  extent: 0x40,
  /** Under inode 0: an inode without a name; subkey is its number, 8 bytes. */
  orphan: 0x80,
  /** Under inode 0: back reference of a piece; subkey is page address 6, inode 8, block 6. */
  piece: 0x90,
  /** Under inode 0: back reference of a shared run; subkey is address of its first page 6, inode 8, block 6. */
  shared: 0xa0,
  /** Under inode 0: pages that came back from a snapshot; subkey is a chunk of page numbers, 6 bytes. */
  returned: 0xb0,
} as const;

export type KeyKind = (typeof KeyKind)[keyof typeof KeyKind];

/** Bytes before the subkey. */
export const KEY_PREFIX = 9;

/** Longest key: a prefix and a name. */
export const KEY_MAX = KEY_PREFIX + 255;

/** Builds `(ino, kind, subkey)`. */
export function encodeKey(ino: number, kind: KeyKind, subkey?: Uint8Array): Uint8Array {
  const key = new Uint8Array(KEY_PREFIX + (subkey?.length ?? 0));
  putU64(key, 0, ino);
  key[8] = kind;
  if (subkey !== undefined) key.set(subkey, KEY_PREFIX);
  return key;
}

/** Builds the key of the extent record that begins at a logical block. */
export function extentKey(ino: number, block: number): Uint8Array {
  const key = new Uint8Array(KEY_PREFIX + 6);
  putU64(key, 0, ino);
  key[8] = KeyKind.extent;
  putU48(key, KEY_PREFIX, block);
  return key;
}

/** The first key past every `(ino, kind, …)`. */
export function keyAfterKind(ino: number, kind: KeyKind): Uint8Array {
  const key = new Uint8Array(KEY_PREFIX);
  putU64(key, 0, ino);
  key[8] = kind + 1;
  return key;
}
