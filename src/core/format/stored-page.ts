/**
 * Stored pages, before and after they are opened: whether a page is the one that is asked for, and what stands in it.
 *
 * 1. The header's length decides how much is read; bytes behind the page (slack of a slot) are ignored.
 * 2. A page under a replaced vault key opens only if it is of a generation from before: whoever kept that key makes no new
 *    ones (FORMAT.md §4.3).
 * 3. A page in parts opens only in a vault that has the feature (FORMAT.md §3.2).
 *
 * @module
 */
import { PageError } from "../base/errors.ts";
import type { AeadFrame } from "../base/platform.ts";
import type { PagePointer } from "./address.ts";
import {
  bodyOf,
  decodePageHeader,
  PAGE_HEADER_SIZE,
  type PageBody,
  type PageClass,
  type PageHeader,
} from "./page-header.ts";
import { IN_PARTS, type PageLayout } from "./page-layout.ts";
import { getOwner, type PageOwner } from "./page-owner.ts";
import { SEALED_AT, sealedSize, storedLength } from "./page-size.ts";

/** A stored page, and where it was read from. */
export interface ReadPage extends PagePointer {
  /** Taken over; may be longer than the page. */
  readonly stored: Uint8Array;
}

/** What stood in a page. */
export interface OpenedPage {
  /** The caller's; a view of a slightly longer buffer. */
  readonly payload: Uint8Array;
  readonly owner: PageOwner;
}

/** A sealed page as the frame it is. */
export interface PageFrame extends AeadFrame {
  readonly layout: PageLayout;
}

/** What a vault lets open. */
export interface PageRules {
  /** Whether pages in parts open. */
  readonly hasPageParts: boolean;
  /** The last generation that may be sealed in an epoch. */
  lastGeneration(epoch: number): number;
}

/** The frame that sealed bytes are, or will be. */
export function frameOf(bytes: Uint8Array, { layout, bodyLength }: PageBody): PageFrame {
  return { bytes, length: bodyLength, partLength: layout.partLength, layout };
}

/**
 * As {@link expectHeader}, by a comparison that leaves the checksum to the seal.
 * @param epoch - the page is expected to be of
 * @returns undefined when anything is not as expected
 */
export function frameOfEpoch(
  epoch: number,
  pageClass: PageClass,
  page: ReadPage,
  rules: PageRules,
): PageFrame | undefined {
  const { stored, generation } = page;
  const body = bodyOf(stored, pageClass, epoch, page);
  if (body === undefined || generation > rules.lastGeneration(epoch)) return undefined;
  if (body.layout === IN_PARTS && !rules.hasPageParts) return undefined;
  const isWhole = stored.length >= sealedSize(body.layout, body.bodyLength);
  return isWhole ? frameOf(stored, body) : undefined;
}

/** The header of a stored page that may open. @throws PageError naming what differs */
export function expectHeader(pageClass: PageClass, page: ReadPage, rules: PageRules): PageHeader {
  const { stored } = page;
  const header = decodePageHeader(stored);
  if (typeof header === "string") throw corrupt(page, header);
  const reason = differenceOf(header, pageClass, page);
  if (reason !== undefined) throw corrupt(page, reason);
  if (stored.length < storedLength(header)) throw corrupt(page, "it is cut short");
  if (pageClass === "key-directory") return header;
  const { epoch, generation, layout } = header;
  if (epoch === 0) throw corrupt(page, "it is sealed in no epoch");
  if (layout === IN_PARTS && !rules.hasPageParts) {
    throw corrupt(page, "it is sealed in parts, in a vault that has no such pages");
  }
  if (generation > rules.lastGeneration(epoch)) {
    throw corrupt(page, `it is of generation ${generation}, under a vault key replaced before`);
  }
  return header;
}

/** In what a header is another page's. */
function differenceOf(
  header: PageHeader,
  pageClass: PageClass,
  { address, generation }: PagePointer,
): string | undefined {
  if (header.pageClass !== pageClass) return `class is ${header.pageClass}, not ${pageClass}`;
  if (header.address !== address) return `it says it is page ${header.address}`;
  if (header.generation === generation) return undefined;
  return `generation is ${header.generation}, not ${generation}`;
}

/** The payload and the owner of a page whose body stands open. @throws PageError */
export function takeApart(pageClass: PageClass, page: ReadPage, body: PageBody): OpenedPage {
  const { stored } = page;
  const { layout, bodyLength } = body;
  const at = pageClass === "key-directory" ? PAGE_HEADER_SIZE : SEALED_AT;
  const end = at + bodyLength - layout.ownerSize;
  const owner = getOwner(stored, end, { pageClass, layout });
  if (typeof owner === "string") throw corrupt(page, owner);
  return { payload: stored.subarray(at, end), owner };
}

/** The error of a page that does not open. */
export function corrupt({ address }: PagePointer, reason: string): PageError {
  return new PageError("PAGE_CORRUPT", address, reason);
}
