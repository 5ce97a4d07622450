/**
 * How a page cache is made.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import type { PageCodec } from "../format/page-codec.ts";
import type { PageStore } from "./page-store.ts";

/** What a cache stands on. */
export interface PageCacheOptions {
  readonly store: PageStore;
  readonly codec: PageCodec;
  /** Room for stored pages. */
  readonly buffers: BufferPool;
  /** Bytes of clean pages kept. */
  readonly budgetBytes: number;
  /** Generation the next commit will have. */
  readonly openGeneration: number;
  /** Called when an address was handed out (`used`) or taken back, to keep the space map. */
  readonly onAddress?: (address: number, used: boolean) => void;
}
