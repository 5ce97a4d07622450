/**
 * Where pages that are read are put.
 *
 * @module
 */
import { STORED_PAGE_MAX } from "../../core/format/page-size.ts";

/** Gives room for a page of so many bytes: exactly that many, the caller's from then on. */
export type PageRoom = (length: number) => Uint8Array;

/** An array of its own for each. */
export const freshRoom: PageRoom = (length) => new Uint8Array(length);

/**
 * Rooms that are used again for pages that need one, arrays of their own for short ones.
 * @param room - gives room for any page
 */
export function roomOf(room: () => Uint8Array): PageRoom {
  return (length) =>
    length > STORED_PAGE_MAX / 2 ? room().subarray(0, length) : new Uint8Array(length);
}
