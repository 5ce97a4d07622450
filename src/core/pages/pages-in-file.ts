/**
 * What it takes to read whole data pages past the page cache (ARCHITECTURE.md, "Reads that take no script").
 *
 * @module
 */
import type { FullPages } from "../format/full-pages.ts";
import type { PageCodec } from "../format/page-codec.ts";
import type { PageFile, PageStore } from "./page-store.ts";

/** Both. The same object as long as nothing of it changes. */
export interface PagesInFile {
  readonly file: PageFile;
  readonly full: FullPages;
}

/** Looks how pages are read now; undefined where they do not stand in a file, or their key is not at hand. */
export function pagesInFile(parts: {
  readonly store: PageStore;
  readonly codec: PageCodec;
}): () => PagesInFile | undefined {
  let known: PagesInFile | undefined;
  return () => {
    const { file } = parts.store;
    const full = file && parts.codec.fullPages();
    if (file === undefined || full === undefined) return undefined;
    if (known?.full !== full) known = { file, full };
    return known;
  };
}
