/**
 * Pack pages: small pieces of many files in one page (FORMAT.md §7.4).
 *
 *     pieces, back to back
 *     table of n entries: inode 8, block 6, offset 2, stored length 2, plain length 4, codec 1, 0
 *     n, 2 bytes
 *
 * The tree says where pieces are; the table says whose they are, for when the tree is lost.
 *
 * @module
 */
import { getU16, getU32, getU48, getU64, putU16, putU32, putU48, putU64 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import { PIECE_CODECS, type PieceCodec } from "./extent.ts";

/** What a piece is and how it is stored. */
export interface PackEntry {
  readonly ino: number;
  readonly block: number;
  readonly codec: PieceCodec;
  readonly plainLength: number;
}

/** An entry with the bytes it stands for. */
export interface PackPiece extends PackEntry {
  readonly stored: Uint8Array;
}

/** An entry of a pack's table. */
export interface PackTableEntry extends PackEntry {
  readonly offset: number;
  readonly storedLength: number;
}

const ENTRY = 24;
const COUNT = 2;

/** Longest piece; what is longer gets a page of its own. */
export const PIECE_MAX: number = 48 * 1024;

/** Bytes a piece takes of a page. */
export function packedSize(piece: PackPiece): number {
  return piece.stored.length + ENTRY;
}

/** Bytes of a page that pieces can take. */
export const PACK_CAPACITY: number = PAGE_SIZE - COUNT;

/** Makes the payload of a pack page; piece k stands behind all before it. */
export function encodePack(pieces: readonly PackPiece[]): Uint8Array {
  const size = pieces.reduce((sum, piece) => sum + packedSize(piece), COUNT);
  const payload = new Uint8Array(size);
  let offset = 0;
  let at = size - COUNT - pieces.length * ENTRY;
  for (const piece of pieces) {
    payload.set(piece.stored, offset);
    putU64(payload, at, piece.ino);
    putU48(payload, at + 8, piece.block);
    putU16(payload, at + 14, offset);
    putU16(payload, at + 16, piece.stored.length);
    putU32(payload, at + 18, piece.plainLength);
    payload[at + 22] = PIECE_CODECS.indexOf(piece.codec);
    offset += piece.stored.length;
    at += ENTRY;
  }
  putU16(payload, at, pieces.length);
  return payload;
}

/**
 * Reads the table of a pack page.
 * @throws FormatError RECORD_MALFORMED
 */
export function decodePackTable(payload: Uint8Array): readonly PackTableEntry[] {
  const count = payload.length < COUNT ? 0 : getU16(payload, payload.length - COUNT);
  const start = payload.length - COUNT - count * ENTRY;
  if (start < 0) {
    throw new FormatError("RECORD_MALFORMED", `a pack of ${payload.length} bytes has no table`);
  }
  return Array.from({ length: count }, (_, i) => decodeEntry(payload, start, start + i * ENTRY));
}

function decodeEntry(payload: Uint8Array, end: number, at: number): PackTableEntry {
  const codec = PIECE_CODECS[payload[at + 22] as number];
  const offset = getU16(payload, at + 14);
  const storedLength = getU16(payload, at + 16);
  const ino = getU64(payload, at);
  const plainLength = getU32(payload, at + 18);
  const isPossible = offset + storedLength <= end && plainLength <= PAGE_SIZE;
  if (codec === undefined || !isPossible || !Number.isSafeInteger(ino)) {
    throw new FormatError("RECORD_MALFORMED", `the pack's entry at ${at} makes no sense`);
  }
  return {
    ino,
    block: getU48(payload, at + 8),
    codec,
    offset,
    storedLength,
    plainLength,
  };
}
