/**
 * Going on from a commit to what its log says, when a vault is opened.
 *
 * @module
 */

import { FormatError, PageError } from "../base/errors.ts";
import type { PagePointer } from "../format/address.ts";
import { type LogEntry, LogReader } from "../format/log-entry.ts";
import type { LogPlace } from "../format/log-place.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { Tree } from "../tree/tree.ts";
import type { Residence } from "./residence.ts";

/** What is gone on from. */
export interface ReplayParts {
  readonly pages: PageCache;
  readonly tree: Tree;
  readonly residence: Residence;
}

/** What a log said. */
export interface Replayed {
  /** The last entry; undefined when there was none. */
  readonly last: LogEntry | undefined;
  /** What entries say about drafts, as far as they do, in their order. */
  readonly drafts: readonly Uint8Array[];
  /** Changes that could not be made, since the tree above their place is damaged. */
  readonly lost: number;
}

/**
 * Does again what the log says about the TOC, and gives pages up.
 * @throws StoreError
 */
export async function replayLog(place: LogPlace, parts: ReplayParts): Promise<Replayed> {
  const drafts: Uint8Array[] = [];
  let last: LogEntry | undefined;
  let lost = 0;
  for await (const entry of entriesOf(parts.pages, place)) {
    if (!place.isApplied) lost += await replayEntry(entry, parts);
    if (entry.drafts.length > 0) drafts.push(entry.drafts);
    last = entry;
  }
  return { last, drafts, lost };
}

/**
 * All entries that are whole, in their order. The log ends with the first page that is not of it: what was being written
 * when its writer ended, or what an older log left.
 */
async function* entriesOf(pages: PageCache, place: LogPlace): AsyncGenerator<LogEntry> {
  const reader = new LogReader(place.id);
  const { generation, first, count } = place;
  for (const address of place.pages.slice(first, first + count)) {
    const payload = await readPage(pages, { address, generation });
    const entry = payload && reader.next(payload);
    if (entry === undefined) return;
    if (entry !== "more") yield entry;
  }
}

async function readPage(pages: PageCache, pointer: PagePointer): Promise<Uint8Array | undefined> {
  try {
    return (await fetchPage(pages, "log", pointer)).payload;
  } catch (error) {
    if (error instanceof PageError) return undefined;
    throw error;
  }
}

/** @returns how many changes could not be made; then the pages that the entry gives up stay in use */
async function replayEntry(entry: LogEntry, parts: ReplayParts): Promise<number> {
  const { pages, tree, residence } = parts;
  let lost = 0;
  for (const { key, value } of entry.changes) {
    try {
      await residence.run(() => {
        tree.prepare(key);
        if (value === undefined) tree.delete(key);
        else tree.put(key, value);
      });
    } catch (error) {
      if (!(error instanceof PageError || error instanceof FormatError)) throw error;
      lost += 1;
    }
  }
  if (lost === 0) for (const pointer of entry.released) pages.supersede(pointer);
  return lost;
}
