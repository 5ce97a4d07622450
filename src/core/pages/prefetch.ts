/**
 * Bringing pages in before somebody needs them.
 *
 * @module
 */
import { isPending } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { PageClass } from "../format/page-header.ts";
import type { PageCache } from "./page-cache.ts";

/** Begins to load pages; whoever needs one that failed asks for it again, and gets the error. */
export function prefetch(
  pages: PageCache,
  pageClass: PageClass,
  pointers: readonly PagePointer[],
): void {
  try {
    const loading = pages.load(pageClass, pointers);
    if (isPending(loading)) loading.catch(() => undefined);
  } catch {
    return;
  }
}
