/**
 * Back references as values (FORMAT.md §7.4, §7.7).
 *
 * @module
 */
import { getU32, getU48, getU64, putU32, putU48, putU64 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { encodeKey, KEY_PREFIX, KeyKind } from "../../tree/key.ts";

/** Which page is used by which block. */
export interface BackReference {
  readonly kind: "piece" | "shared";
  readonly address: number;
  readonly ino: number;
  readonly block: number;
}

const SUBKEY_SIZE = 20;
const PIECE_VALUE = 6;
const SHARED_VALUE = 10;

/** The key a back reference stands under. */
export function referenceKey({ kind, address, ino, block }: BackReference): Uint8Array {
  const subkey = new Uint8Array(SUBKEY_SIZE);
  putU48(subkey, 0, address);
  putU64(subkey, 6, ino);
  putU48(subkey, 14, block);
  return encodeKey(0, kind === "shared" ? KeyKind.shared : KeyKind.piece, subkey);
}

/** @throws FormatError RECORD_MALFORMED */
export function decodeReferenceKey(key: Uint8Array): BackReference {
  if (key.length !== KEY_PREFIX + SUBKEY_SIZE) {
    throw new FormatError("RECORD_MALFORMED", `a back reference has a key of ${key.length} bytes`);
  }
  const ino = getU64(key, KEY_PREFIX + 6);
  if (!Number.isSafeInteger(ino)) {
    throw new FormatError("RECORD_MALFORMED", `a back reference names inode ${ino}`);
  }
  return {
    kind: key[8] === KeyKind.shared ? "shared" : "piece",
    address: getU48(key, KEY_PREFIX),
    ino,
    block: getU48(key, KEY_PREFIX + 14),
  };
}

/** The value a back reference has for an extent. */
export function referenceValue(
  { kind }: BackReference,
  { generation, count }: { readonly generation: number; readonly count: number },
): Uint8Array {
  const value = new Uint8Array(kind === "shared" ? SHARED_VALUE : PIECE_VALUE);
  putU48(value, 0, generation);
  if (kind === "shared") putU32(value, PIECE_VALUE, count);
  return value;
}

/**
 * How many pages a back reference speaks of.
 * @throws FormatError RECORD_MALFORMED
 */
export function referenceCount({ kind }: BackReference, value: Uint8Array): number {
  if (value.length !== (kind === "shared" ? SHARED_VALUE : PIECE_VALUE)) {
    throw new FormatError("RECORD_MALFORMED", `a back reference has ${value.length} bytes`);
  }
  return kind === "shared" ? getU32(value, PIECE_VALUE) : 1;
}
