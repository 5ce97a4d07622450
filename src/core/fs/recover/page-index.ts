/**
 * What a scan found: the few pages that lead to others, and how far the rest reaches.
 *
 * Memory grows with the pages of the TOC, about a hundredth of all, and by an eighth of a byte a page.
 *
 * @module
 */
import { FormatError } from "../../base/errors.ts";
import { type PagePointer, pageNumber } from "../../format/address.ts";
import type { PageScan } from "../../pages/page-scan.ts";
import { PageUse } from "../check/page-use.ts";

/** Pages by what their headers say; lists begin with the newest. */
export interface PageIndex {
  readonly keyDirectories: readonly PagePointer[];
  readonly roots: readonly PagePointer[];
  readonly trees: readonly PagePointer[];
  /** Numbers of all pages that were found. */
  readonly found: PageUse;
  /** One past the highest page number. */
  readonly end: number;
  /** Highest generation of any page. */
  readonly generation: number;
}

/**
 * Looks at all pages of a store.
 *
 * @param onPage - called for each, to show how far it is
 * @throws FormatError NOT_A_VAULT when there is none; StoreError
 */
export async function indexPages(scan: PageScan, onPage: () => void): Promise<PageIndex> {
  const found = new PageUse();
  const lists = { "key-directory": [], root: [], tree: [] } as Record<string, PagePointer[]>;
  let end = 0;
  let highest = 0;
  for await (const { pageClass, address, generation } of scan.scan()) {
    found.reach(pageNumber(address));
    lists[pageClass]?.push({ address, generation });
    end = Math.max(end, pageNumber(address) + 1);
    highest = Math.max(highest, generation);
    onPage();
  }
  if (end === 0) throw new FormatError("NOT_A_VAULT", "no page of a vault is left");
  const newestFirst = (pageClass: string): readonly PagePointer[] =>
    (lists[pageClass] ?? []).sort((a, b) => b.generation - a.generation);
  return {
    keyDirectories: newestFirst("key-directory"),
    roots: newestFirst("root"),
    trees: newestFirst("tree"),
    found,
    end,
    generation: highest,
  };
}
