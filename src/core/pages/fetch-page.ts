/**
 * One page, whether it is resident or not.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import type { PageClass } from "../format/page-header.ts";
import type { CachedPage } from "./cached-page.ts";
import type { PageCache } from "./page-cache.ts";

/** Brings a page in. @returns it, borrowed as by {@link PageCache.page} @throws PageError, StoreError */
export async function fetchPage(
  pages: PageCache,
  pageClass: PageClass,
  pointer: PagePointer,
): Promise<CachedPage> {
  await pages.load(pageClass, [pointer]);
  return pages.page(pageClass, pointer);
}
