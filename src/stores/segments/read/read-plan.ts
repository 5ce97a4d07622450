/**
 * Which parts of which objects to ask for: neighbours in one request, long ones in several.
 *
 * @module
 */
import type { ByteRange, ObjectId } from "../../objects/object-store.ts";
import { frameSize } from "../format/extent.ts";

/** Bytes nobody wants that are fetched rather than asking once more. */
const GAP_BYTES = 64 * 1024;

/** A page that is to be fetched. */
export interface WantedPage {
  readonly address: number;
  readonly id: ObjectId;
  /** Where its frame begins in the object. */
  readonly offset: number;
  /** Bytes of the page without its checksum. */
  readonly length: number;
}

/** One request, and the pages it brings. */
export interface ReadRange {
  readonly id: ObjectId;
  readonly range: ByteRange;
  /** In the order they stand. */
  readonly pages: readonly WantedPage[];
}

/**
 * Plans requests.
 * @param longest - bytes of one request at most, unless a single page has more
 */
export function planReads(wanted: readonly WantedPage[], longest: number): ReadRange[] {
  const sorted = [...wanted].sort(
    (a, b) => compare(a.id, b.id) || a.offset - b.offset || a.address - b.address,
  );
  const groups: WantedPage[][] = [];
  for (const page of sorted) {
    const group = groups.at(-1);
    if (group !== undefined && joins(group, page, longest)) group.push(page);
    else groups.push([page]);
  }
  return groups.map(rangeOf);
}

function joins(group: readonly WantedPage[], page: WantedPage, longest: number): boolean {
  const first = group[0] as WantedPage;
  const last = group.at(-1) as WantedPage;
  const gap = page.offset - endOf(last);
  return page.id === first.id && gap <= GAP_BYTES && endOf(page) - first.offset <= longest;
}

function rangeOf(pages: readonly WantedPage[]): ReadRange {
  const { id, offset } = pages[0] as WantedPage;
  // Frames of a catalog that is not ours may overlap.
  const end = Math.max(...pages.map(endOf));
  return { id, range: { offset, length: end - offset }, pages };
}

function endOf({ offset, length }: WantedPage): number {
  return offset + frameSize(length);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
