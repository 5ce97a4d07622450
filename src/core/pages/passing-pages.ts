/**
 * Pages of a store that are looked at before there is an open vault: nothing of them is kept, and none is written.
 *
 * @module
 */
import type { Platform } from "../base/platform.ts";
import { PageCodec, type PageKeys, type PagesOf } from "../format/page-codec.ts";
import { pageBuffers } from "./page-buffers.ts";
import { PageCache } from "./page-cache.ts";
import type { PageStore } from "./page-store.ts";

/** Whose pages they are. */
export interface PassingPages extends PagesOf {
  /** Of the newest of them. */
  readonly generation: number;
  /** Undefined while only clear-text pages open. */
  readonly keys: PageKeys | undefined;
}

/** A cache that holds no more than what is being read. */
export function passingPages(
  { store, platform }: { readonly store: PageStore; readonly platform: Platform },
  { generation, keys, ...vault }: PassingPages,
): PageCache {
  const codec = new PageCodec(vault, keys, platform.random);
  const buffers = pageBuffers(platform);
  return new PageCache({ store, codec, buffers, budgetBytes: 0, openGeneration: generation + 1 });
}
