/**
 * Where things stand in a vault file (FORMAT.md §9).
 *
 *     offset         bytes   what
 *     0              4096    header slot 0
 *     4096           4096    header slot 1
 *     8192 + n·S     S       page number n; S is the largest stored page rounded up to 64
 *
 * @module
 */
import { STORED_PAGE_ROOM } from "../../core/format/page-size.ts";

/** Bytes of a header slot: a device writes no less at once. */
export const HEADER_SLOT_SIZE = 4096;

/** Header slots, written in turn. */
export const HEADER_SLOTS = 2;

/** Offset of page number 0. */
const PAGES_AT: number = HEADER_SLOTS * HEADER_SLOT_SIZE;

/** Bytes from one page to the next. */
export const PAGE_STRIDE: number = STORED_PAGE_ROOM;

/** Offset of a page. */
export function pageOffset(number: number): number {
  return PAGES_AT + number * PAGE_STRIDE;
}

/** Pages a file of this size reaches into. */
export function pagesWithin(fileSize: number): number {
  return Math.max(0, Math.ceil((fileSize - PAGES_AT) / PAGE_STRIDE));
}
