/**
 * Going on from a commit to what its log says, when a vault is opened.
 *
 * @module
 */

import { isDamage, PageError } from "../base/errors.ts";
import type { PagePointer } from "../format/address.ts";
import { type LogEntry, LogReader, placeInEntry } from "../format/log-entry.ts";
import type { LogPlace } from "../format/log-place.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { Tree } from "../tree/tree.ts";
import type { Residence } from "./residence.ts";

/** Pages that are looked at behind the end of a log, for whether it is one. */
const PAGES_LOOKED_PAST = 8;

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
  /** Whether entries are lost, since a page of the log is damaged that was durable. */
  readonly isCut: boolean;
}

/**
 * Does again what the log says about the TOC, and gives pages up.
 * @throws StoreError
 */
export async function replayLog(place: LogPlace, parts: ReplayParts): Promise<Replayed> {
  const drafts: Uint8Array[] = [];
  let last: LogEntry | undefined;
  let lost = 0;
  let isCut = false;
  for await (const entry of entriesOf(parts.pages, place)) {
    if (entry === "cut") {
      isCut = true;
      break;
    }
    if (!place.isApplied) lost += await replayEntry(entry, parts);
    if (entry.drafts.length > 0) drafts.push(entry.drafts);
    last = entry;
  }
  return { last, drafts, lost, isCut };
}

/**
 * All entries that are whole, in their order. The log ends with the first page that is not of it: what was being written
 * when its writer ended, or what an older log left. "cut" when that page was damaged instead.
 */
async function* entriesOf(pages: PageCache, place: LogPlace): AsyncGenerator<LogEntry | "cut"> {
  const reader = new LogReader(place.id);
  const { generation, first, count } = place;
  const addresses = place.pages.slice(first, first + count);
  for (const [i, address] of addresses.entries()) {
    const payload = await readPage(pages, { address, generation });
    const entry = payload && reader.next(payload);
    if (entry === undefined) {
      const next = addresses.slice(i + 1, i + 1 + PAGES_LOOKED_PAST);
      if (await goesOn(pages, place, next)) yield "cut";
      return;
    }
    if (entry !== "more") yield entry;
  }
}

/**
 * Whether the log has another entry behind the end of one: an entry is begun when the one before is durable, so a page
 * before that end was.
 */
async function goesOn(
  pages: PageCache,
  { id, generation }: LogPlace,
  addresses: readonly number[],
): Promise<boolean> {
  let hasEnd = false;
  for (const address of addresses) {
    const payload = await readPage(pages, { address, generation });
    const part = payload && placeInEntry(id, payload);
    if (part !== undefined && hasEnd) return true;
    hasEnd ||= part === "end";
  }
  return false;
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
        const seat = tree.prepare(key);
        if (value === undefined) tree.delete(key, seat);
        else tree.put(key, value, seat);
      });
    } catch (error) {
      if (!isDamage(error)) throw error;
      lost += 1;
    }
  }
  if (lost === 0) for (const pointer of entry.released) pages.supersede(pointer);
  return lost;
}
