/**
 * Buffers for the pages of one vault.
 *
 * @module
 */
import { BufferPool } from "../base/buffer-pool.ts";
import type { Platform } from "../base/platform.ts";
import { STORED_PAGE_ROOM } from "../format/page-size.ts";

/** A pool whose buffers take a page, sealed or not. */
export function pageBuffers(platform: Pick<Platform, "afterTurn" | "memory">): BufferPool {
  return new BufferPool(STORED_PAGE_ROOM, platform);
}
