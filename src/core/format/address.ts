/**
 * Where pages are (FORMAT.md §1.3).
 *
 * | number | bits | meaning |
 * |---|---|---|
 * | address | 48 | `segment << 7 \| index`, index 0 to 126; what pointers and page headers carry |
 * | page number | 48 | `segment * 127 + index`: the same places counted without gaps; what bitmaps and file offsets use |
 *
 * Both exceed 32 bits, so the arithmetic is by division, never by shifting.
 *
 * @module
 */
import { getU48, putU48 } from "../base/bytes.ts";
import { PAGES_PER_SEGMENT } from "../base/limits.ts";

/** Where a page is and in which commit it was written. */
export interface PagePointer {
  readonly address: number;
  readonly generation: number;
}

/** Bytes of an encoded pointer: address u48, generation u48. */
export const POINTER_SIZE = 12;

/** Addresses a segment spans: 127 pages and one that is never used. */
const ADDRESSES_PER_SEGMENT = 128;

/** One past the highest address. */
export const ADDRESS_END: number = 2 ** 48;

/** One past the highest page number. */
export const PAGE_NUMBER_END: number = (ADDRESS_END / ADDRESSES_PER_SEGMENT) * PAGES_PER_SEGMENT;

/** Counts the page at an address without the gaps between segments. */
export function pageNumber(address: number): number {
  const index = address % ADDRESSES_PER_SEGMENT;
  return ((address - index) / ADDRESSES_PER_SEGMENT) * PAGES_PER_SEGMENT + index;
}

/** The address of the n-th page; the inverse of {@link pageNumber}. */
export function addressOf(number: number): number {
  const index = number % PAGES_PER_SEGMENT;
  return ((number - index) / PAGES_PER_SEGMENT) * ADDRESSES_PER_SEGMENT + index;
}

/** Whether so many pages from one on have addresses. */
export function areAddresses(first: number, count: number): boolean {
  return isAddress(first) && pageNumber(first) + count <= PAGE_NUMBER_END;
}

/** Whether a number is an address a page can have: an index of 127 names none. */
export function isAddress(number: number): boolean {
  return number >= 0 && number < ADDRESS_END && number % ADDRESSES_PER_SEGMENT < PAGES_PER_SEGMENT;
}

/** Reads a pointer of {@link POINTER_SIZE} bytes. */
export function getPointer(bytes: Uint8Array, at: number): PagePointer {
  return { address: getU48(bytes, at), generation: getU48(bytes, at + 6) };
}

/** Writes a pointer into {@link POINTER_SIZE} bytes. */
export function putPointer(bytes: Uint8Array, at: number, pointer: PagePointer): void {
  putU48(bytes, at, pointer.address);
  putU48(bytes, at + 6, pointer.generation);
}

/** Whether two pointers name the same page, or both none. */
export function samePointer(a: PagePointer | undefined, b: PagePointer | undefined): boolean {
  return a?.address === b?.address && a?.generation === b?.generation;
}
