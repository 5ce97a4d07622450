/**
 * What the files of the benchmark hold: bytes that cannot be compressed and that any part can be compared with, at the
 * price of a copy.
 *
 * @module
 */
import { randomFillSync } from "node:crypto";

/** A prime below 16 MiB: no two pages of a file begin at the same place in the pool. */
const POOL_BYTES = 16_777_213;

/** A prime: files with neighbouring numbers have nothing in common. */
const STRIDE = 7_919_003;

const pool = randomFillSync(new Uint8Array(POOL_BYTES));

/** Bytes of a file, a fresh array. @param file - its number */
export function contentOf(file: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const from = (file * STRIDE + offset + at) % POOL_BYTES;
    const piece = pool.subarray(from, from + length - at);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** @throws Error when bytes that were read are not what was written */
export function checkContent(file: number, offset: number, read: Uint8Array, length: number): void {
  if (Buffer.from(contentOf(file, offset, length)).equals(read)) return;
  throw new Error(`file ${file} is not as it was written at ${offset}`);
}
