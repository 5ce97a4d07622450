/**
 * What the files of the benchmark hold: bytes that cannot be compressed, and any part of which can be made again to
 * compare with.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";

/** A prime: no two blocks of a file begin at the same place in the pool. */
const POOL_BYTES = 4_194_301;
/** Keystream of a fixed key: the same in every run. */
const keystream = createCipheriv("aes-128-ctr", Buffer.alloc(16, 7), Buffer.alloc(16)).update(
  Buffer.alloc(POOL_BYTES),
);
/** Twice the same, so that a part may begin anywhere. */
const pool = Buffer.concat([keystream, keystream]);

/** How far the contents of neighbouring files are apart. */
const FILE_STRIDE = 1_299_709;

/**
 * Bytes of a file from an offset on; borrowed.
 * @param file - its number
 * @param length - up to 4 MiB
 */
export function contentOf(file: number, offset: number, length: number): Buffer {
  const from = (file * FILE_STRIDE + offset) % POOL_BYTES;
  return pool.subarray(from, from + length);
}

/** @throws Error when what was read is not what was written */
export function verify(read: Buffer, file: number, offset: number): void {
  if (read.equals(contentOf(file, offset, read.length))) return;
  throw new Error(`file ${file} reads otherwise than it was written, near byte ${offset}`);
}
