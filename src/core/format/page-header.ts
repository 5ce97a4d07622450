/**
 * The clear header in front of every stored page (FORMAT.md §3.1): what a recovery scan can read without a key, and
 * what the page's seal binds.
 *
 *     offset  size  field
 *          0     4  magic "DVPG"
 *          4     1  class, see PAGE_CLASSES
 *          5     1  version of the layout of the body: 1 whole, 2 in parts
 *          6     2  epoch of the page key; 0 for the clear-text class
 *          8     6  address
 *         14     2  reserved, 0
 *         16     6  generation
 *         22     2  reserved, 0
 *         24     4  length of the body (payload and owner record), bytes
 *         28     4  CRC-32C of bytes 0 to 27; for the clear-text class of these and the body
 *
 * The checksum is an early filter for damage by accident. Sealed classes are protected by their tag.
 *
 * @module
 */
import { getU16, getU32, getU48, putU16, putU32, putU48 } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";
import { isAddress, type PagePointer } from "./address.ts";
import { IN_PARTS, layoutOfVersion, type PageLayout } from "./page-layout.ts";

/** What a page holds. `key-directory` is clear-text, since it is read before any key exists; the others are sealed. */
export type PageClass =
  | "data"
  | "pack"
  | "tree"
  | "root"
  | "env"
  | "space"
  | "key-directory"
  | "log";

/** The classes by code: the first has code 1. */
export const PAGE_CLASSES: readonly PageClass[] = [
  "data",
  "pack",
  "tree",
  "root",
  "env",
  "space",
  "key-directory",
  "log",
];

/** Bytes of the clear header. */
export const PAGE_HEADER_SIZE = 32;

const MAGIC = 0x44565047;
const CHECKSUM_AT = 28;

/** What stands behind a page header. */
export interface PageBody {
  readonly layout: PageLayout;
  /** Payload and owner record, bytes. */
  readonly bodyLength: number;
}

/** A decoded page header. */
export interface PageHeader extends PageBody {
  readonly pageClass: PageClass;
  readonly epoch: number;
  readonly address: number;
  readonly generation: number;
}

/** The byte that stands for a class. */
export function classCode(pageClass: PageClass): number {
  return PAGE_CLASSES.indexOf(pageClass) + 1;
}

/**
 * Writes a header to the begin of `out`. For the clear-text class the body must stand behind it already, since the
 * checksum covers it.
 */
export function encodePageHeader(header: PageHeader, out: Uint8Array): void {
  putU32(out, 0, MAGIC);
  out[4] = classCode(header.pageClass);
  out[5] = header.layout.version;
  putU16(out, 6, header.epoch);
  putU48(out, 8, header.address);
  putU16(out, 14, 0);
  putU48(out, 16, header.generation);
  putU16(out, 22, 0);
  putU32(out, 24, header.bodyLength);
  putU32(out, CHECKSUM_AT, checksum(out, header));
}

/**
 * Reads the header a stored page begins with.
 *
 * @param stored - for a sealed class the header's 32 bytes suffice; for the clear-text class the body must be there
 * @returns the header, or in words what is wrong with it
 */
export function decodePageHeader(stored: Uint8Array): PageHeader | string {
  if (stored.length < PAGE_HEADER_SIZE) return `only ${stored.length} bytes are left of it`;
  if (getU32(stored, 0) !== MAGIC) return "no page magic";
  const layout = layoutOfVersion(stored[5]);
  if (layout === undefined) return `page layout ${stored[5]} is unknown`;
  const pageClass = PAGE_CLASSES[(stored[4] as number) - 1];
  if (pageClass === undefined) return `page class ${stored[4]} is unknown`;
  const header: PageHeader = {
    pageClass,
    layout,
    epoch: getU16(stored, 6),
    address: getU48(stored, 8),
    generation: getU48(stored, 16),
    bodyLength: getU32(stored, 24),
  };
  const { bodyLength } = header;
  if (!hasLayout(pageClass, layout)) return `no page of class ${pageClass} is sealed in parts`;
  if (!isBodyLength(layout, bodyLength)) return `length ${bodyLength} is out of bounds`;
  if (pageClass === "key-directory" && stored.length < PAGE_HEADER_SIZE + bodyLength) {
    return "it is cut short";
  }
  if (checksum(stored, header) !== getU32(stored, CHECKSUM_AT)) return "checksum mismatch";
  if (!isAddress(header.address)) return `address ${header.address} names no page`;
  return header;
}

/**
 * Reads what stands behind a header that says what is expected. Its checksum is left to the seal, which binds all of the
 * header.
 *
 * @param stored - a page of a sealed class
 * @returns undefined where the header says anything else, or there is none: {@link decodePageHeader} tells more
 */
export function bodyOf(
  stored: Uint8Array,
  pageClass: PageClass,
  epoch: number,
  { address, generation }: PagePointer,
): PageBody | undefined {
  const isExpected =
    getU32(stored, 0) === MAGIC &&
    stored[4] === classCode(pageClass) &&
    getU16(stored, 6) === epoch &&
    getU48(stored, 8) === address &&
    getU48(stored, 16) === generation;
  const layout = layoutOfVersion(stored[5]);
  const bodyLength = getU32(stored, 24);
  if (!isExpected || layout === undefined) return undefined;
  if (!hasLayout(pageClass, layout) || !isBodyLength(layout, bodyLength)) return undefined;
  return { layout, bodyLength };
}

function hasLayout(pageClass: PageClass, layout: PageLayout): boolean {
  return layout !== IN_PARTS || pageClass === "data";
}

function isBodyLength({ shortest, longest }: PageLayout, length: number): boolean {
  return length >= shortest && length <= longest;
}

function checksum(stored: Uint8Array, header: PageHeader): number {
  const own = crc32c(stored, 0, CHECKSUM_AT);
  if (header.pageClass !== "key-directory") return own;
  return crc32c(stored, PAGE_HEADER_SIZE, PAGE_HEADER_SIZE + header.bodyLength, own);
}
