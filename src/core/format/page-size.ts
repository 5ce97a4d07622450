/**
 * How long stored pages are (FORMAT.md §3.3), bytes.
 *
 * @module
 */
import { PAGE_SIZE } from "../base/limits.ts";
import { NONCE_SIZE, TAG_SIZE } from "../base/platform.ts";
import { PAGE_HEADER_SIZE, type PageHeader } from "./page-header.ts";
import { IN_PARTS, type PageLayout, WHOLE } from "./page-layout.ts";

/** Where the body of a sealed page begins. */
export const SEALED_AT: number = PAGE_HEADER_SIZE + NONCE_SIZE;

/** What a sealed page takes in a store. */
export function sealedSize(layout: PageLayout, bodyLength: number): number {
  return SEALED_AT + bodyLength + layout.parts * TAG_SIZE;
}

/** What a page takes in a store, by its header. */
export function storedLength({ pageClass, layout, bodyLength }: PageHeader): number {
  if (pageClass === "key-directory") return PAGE_HEADER_SIZE + bodyLength;
  return sealedSize(layout, bodyLength);
}

/** The longest page. */
export const STORED_PAGE_MAX: number = sealedSize(IN_PARTS, IN_PARTS.longest);

/** From this length on, the payload of a sealed page is full. */
export const FULL_PAGE_MIN: number = sealedSize(WHOLE, PAGE_SIZE + WHOLE.ownerSize);

/** Room for a page: {@link STORED_PAGE_MAX} rounded up to a cache line. */
export const STORED_PAGE_ROOM: number = Math.ceil(STORED_PAGE_MAX / 64) * 64;
