/**
 * The space map: which page numbers are in use, as bitmaps in the payloads of `space` pages (FORMAT.md §5.2).
 *
 *     bit n of page k:  page number k * BITS_PER_PAGE + n is in use
 *     bit n stands in:  byte n >> 3, mask 1 << (n & 7)
 *
 * Zero bytes at the end of a payload are left out, so the map of a small vault is small.
 *
 * @module
 */
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";

/** Page numbers one page of the map covers: 32 GiB of payload. */
export const BITS_PER_PAGE: number = PAGE_SIZE * 8;

/** Makes the payload of a `space` page, a fresh array. */
export function encodeSpacePage(bits: Uint8Array): Uint8Array {
  let length = bits.length;
  while (length > 0 && bits[length - 1] === 0) length--;
  return bits.slice(0, length);
}

/**
 * Reads the payload of a `space` page.
 *
 * @returns a fresh bitmap of {@link BITS_PER_PAGE} bits
 * @throws FormatError RECORD_MALFORMED when it is longer than a page
 */
export function decodeSpacePage(payload: Uint8Array): Uint8Array {
  if (payload.length > PAGE_SIZE) {
    throw new FormatError("RECORD_MALFORMED", `space map page has ${payload.length} bytes`);
  }
  const bits = new Uint8Array(PAGE_SIZE);
  bits.set(payload);
  return bits;
}

/** Whether a page is in use. */
export function isUsed(bits: Uint8Array, bit: number): boolean {
  return ((bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
}

/** Marks a page as in use or free. */
export function setUsed(bits: Uint8Array, bit: number, used: boolean): void {
  const byte = bits[bit >>> 3] as number;
  const mask = 1 << (bit & 7);
  bits[bit >>> 3] = used ? byte | mask : byte & ~mask;
}

/** Pages in use. */
export function countUsed(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) {
    for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  }
  return count;
}
