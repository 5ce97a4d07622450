/**
 * The owner record behind the payload of a page, sealed with it (FORMAT.md §3.2).
 *
 *     whole pages                     pages in parts
 *      0  1  class, as in the header   0  1  class
 *      1  1  flags, 0                  1  1  flags
 *      2  2  reserved, 0
 *      4  8  inode                     2  8  inode
 *     12  6  first logical block      10  6  first logical block
 *     18  6  reserved, 0
 *
 * @module
 */
import { getU48, getU64, putU48, putU64 } from "../base/bytes.ts";
import { classCode, type PageClass } from "./page-header.ts";
import { type PageLayout, WHOLE } from "./page-layout.ts";

/** Who a page belongs to: the inode and first logical block, or (0, level) for tree pages. */
export interface PageOwner {
  readonly ino: number;
  readonly block: number;
}

const INO_SIZE = 8;

function inoAt(layout: PageLayout): number {
  return layout === WHOLE ? 4 : 2;
}

/** Writes the record of a page of some class and layout. */
export function putOwner(
  out: Uint8Array,
  at: number,
  { pageClass, layout }: { readonly pageClass: PageClass; readonly layout: PageLayout },
  { ino, block }: PageOwner,
): void {
  const from = at + inoAt(layout);
  out.fill(0, at, at + layout.ownerSize);
  out[at] = classCode(pageClass);
  putU64(out, from, ino);
  putU48(out, from + INO_SIZE, block);
}

/** Reads it. @returns in words what is wrong with it, where something is */
export function getOwner(
  body: Uint8Array,
  at: number,
  { pageClass, layout }: { readonly pageClass: PageClass; readonly layout: PageLayout },
): PageOwner | string {
  if (body[at] !== classCode(pageClass)) return "owner record is of another class";
  const from = at + inoAt(layout);
  const owner = { ino: getU64(body, from), block: getU48(body, from + INO_SIZE) };
  return Number.isSafeInteger(owner.ino) ? owner : "owner is out of bounds";
}
