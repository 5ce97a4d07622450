/**
 * Pages from objects: each is asked for once however many want it, neighbours together, and what nobody waits for
 * makes way for what somebody does.
 *
 * @module
 */
import { PageError, StoreError } from "../../../core/base/errors.ts";
import { FULL_PAGE_MIN } from "../../../core/format/page-size.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { frameAt, frameSize } from "../format/extent.ts";
import { pageOfFrame } from "../format/frame.ts";
import type { CatalogTable } from "../local/catalog-table.ts";
import { freshRoom, type PageRoom } from "../page-room.ts";
import { ReadGate, type Turn, type Urgency } from "./read-gate.ts";
import { planReads, type ReadRange, type WantedPage } from "./read-plan.ts";

/** Longest request, bytes: several in parallel are faster than a long one. */
const LONGEST_BYTES = 2 ** 20;

/**
 * Pages before and behind a short one that come along with it. A page that is not full holds many small things, files or
 * parts of the TOC, and whoever wants one of them soon wants the next; half a MiB takes half a round trip.
 */
const NEAR_BEFORE = 2;
const NEAR_BEHIND = 8;

/** Times a page that comes damaged is read before it counts as damaged where it stands. */
const READS_MAX = 5;

/** Times a store that is down is asked before readers get to hear of it; each time it has tried for seconds itself. */
const ASKS_MAX = 3;

/** A page, or what is wrong with it. */
export type FetchedPage = Uint8Array | PageError;

/** A request on its way. */
interface Job {
  readonly pages: readonly WantedPage[];
  readonly controller: AbortController;
  readonly turn: Turn;
  readonly done: Promise<ReadonlyMap<number, FetchedPage>>;
  /** Whether somebody waits for it. */
  isWanted: boolean;
  /** Whether its request has begun. */
  isRunning: boolean;
}

/** What a fetcher stands on. */
export interface FetcherParts {
  readonly objects: ObjectStore;
  /** Tells where pages stand. */
  readonly catalog: Pick<CatalogTable, "find">;
  /** Where pages that came in are kept; without one, nothing comes along that was not asked for. */
  readonly cache: FetchedPages | undefined;
}

/** Pages that need no fetching. */
interface FetchedPages {
  has(address: number): boolean;
  /** Takes pages that came in whole; they are borrowed until it returns. */
  keep(pages: readonly StoredPage[]): void;
}

export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #gate: ReadGate;
  /** Jobs by the addresses of their pages. */
  readonly #jobs = new Map<number, Job>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
    this.#gate = new ReadGate(() => parts.objects.limits.parallelGets);
  }

  /** Whether a page is on its way. */
  isComing(address: number): boolean {
    return this.#jobs.has(address);
  }

  /**
   * Fetches pages somebody waits for.
   * @returns in the order of `addresses`; the arrays are the caller's, one for each
   * @throws StoreError STORE_DOWN, STORE_DENIED
   */
  async fetch(
    addresses: readonly number[],
    room: PageRoom = freshRoom,
  ): Promise<readonly FetchedPage[]> {
    const nowhere = new Map<number, PageError>();
    const jobs = new Set<Job>();
    const missing = new Map<number, WantedPage>();
    for (const address of addresses) {
      const job = this.#jobs.get(address);
      const wanted = job ?? this.#locate(address);
      if (job !== undefined) jobs.add(job);
      else if (wanted instanceof PageError) nowhere.set(address, wanted);
      else missing.set(address, wanted as WantedPage);
    }
    for (const job of jobs) want(job);
    const ranges = planReads(this.#withNeighbours([...missing.values()]), LONGEST_BYTES);
    this.#makeWay(ranges.length);
    for (const range of ranges) {
      const job = this.#start(range, "wanted");
      want(job);
      jobs.add(job);
    }
    const fetched = await Promise.all([...jobs].map((job) => job.done));
    return addresses.map((address) => {
      const pages = fetched.find((found) => found.has(address));
      return copied((pages ?? nowhere).get(address) as FetchedPage, room);
    });
  }

  /** Begins to fetch pages that will be wanted soon; those that are not in the store are stepped over. */
  prefetch(addresses: readonly number[]): void {
    const wanted: WantedPage[] = [];
    for (const address of addresses) {
      const page = this.#jobs.has(address) ? undefined : this.#locate(address);
      if (page !== undefined && !(page instanceof PageError)) wanted.push(page);
    }
    for (const range of planReads(wanted, LONGEST_BYTES)) {
      // Whoever comes to need these pages asks again, and gets the error.
      this.#start(range, "ahead").done.catch(() => {});
    }
  }

  /** The same pages, and those that come along with the short ones among them. */
  #withNeighbours(wanted: readonly WantedPage[]): readonly WantedPage[] {
    const { cache } = this.#parts;
    if (cache === undefined) return wanted;
    const all = new Map(wanted.map((page) => [page.address, page]));
    for (const { address, id, length } of wanted) {
      if (length >= FULL_PAGE_MIN) continue;
      for (let near = address - NEAR_BEFORE; near <= address + NEAR_BEHIND; near++) {
        if (near < 0 || all.has(near) || this.#jobs.has(near) || cache.has(near)) continue;
        const page = this.#locate(near);
        if (!(page instanceof PageError) && page.id === id) all.set(near, page);
      }
    }
    return [...all.values()];
  }

  /** Gives up what nobody waits for, of the given pages. */
  cancel(addresses: Iterable<number>): void {
    for (const address of addresses) {
      const job = this.#jobs.get(address);
      if (job !== undefined && !job.isWanted) this.#abort(job);
    }
  }

  /** Gives up everything. */
  close(): void {
    for (const job of new Set(this.#jobs.values())) this.#abort(job);
  }

  /** Frees slots for requests somebody waits for: of those under way that nobody wants, the last begun. */
  #makeWay(count: number): void {
    if (count === 0 || !this.#gate.isFull) return;
    const idle = [...new Set(this.#jobs.values())].filter((job) => job.isRunning && !job.isWanted);
    for (const job of idle.slice(-count)) this.#abort(job);
  }

  #abort(job: Job): void {
    job.turn.cancel();
    job.controller.abort();
    this.#forget(job);
  }

  #forget(job: Job): void {
    for (const { address } of job.pages) {
      if (this.#jobs.get(address) === job) this.#jobs.delete(address);
    }
  }

  #locate(address: number): WantedPage | PageError {
    const placed = this.#parts.catalog.find(address);
    if (placed === undefined)
      return new PageError("PAGE_MISSING", address, "it is not in the store");
    const { offset, length } = frameAt(placed.extent, placed.n);
    return { address, id: placed.object.id, offset, length };
  }

  #start(range: ReadRange, urgency: Urgency): Job {
    const { pages } = range;
    const controller = new AbortController();
    const turn = this.#gate.ask(urgency);
    const done = turn.granted
      .then((end) => {
        job.isRunning = true;
        return this.#run(range, end, controller.signal);
      })
      .finally(() => this.#forget(job));
    const job: Job = { pages, controller, turn, done, isWanted: false, isRunning: false };
    for (const { address } of pages) this.#jobs.set(address, job);
    return job;
  }

  async #run(
    range: ReadRange,
    end: () => void,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, FetchedPage>> {
    try {
      const pages = await this.#get(range, signal);
      const whole: StoredPage[] = [];
      for (const [address, page] of pages) {
        if (!(page instanceof PageError)) whole.push({ address, bytes: page });
      }
      this.#parts.cache?.keep(whole);
      return pages;
    } finally {
      end();
    }
  }

  /** One request; what came damaged is asked for again, neighbours together. */
  async #get(range: ReadRange, signal: AbortSignal): Promise<Map<number, FetchedPage>> {
    const results = new Map<number, FetchedPage>();
    let damaged = await this.#getInto(results, range, signal);
    for (let tries = 1; damaged.length > 0 && tries < READS_MAX; tries++) {
      const again: WantedPage[] = [];
      for (const part of planReads(damaged, LONGEST_BYTES)) {
        again.push(...(await this.#getInto(results, part, signal)));
      }
      damaged = again;
    }
    for (const { address, id } of damaged) {
      results.set(address, new PageError("PAGE_CORRUPT", address, `it is damaged in object ${id}`));
    }
    return results;
  }

  /** One request, or one a page where it turns out that there is not all of it. @returns pages that came damaged */
  async #getInto(
    results: Map<number, FetchedPage>,
    range: ReadRange,
    signal: AbortSignal,
  ): Promise<WantedPage[]> {
    const bytes = await this.#ask(range, signal);
    const damaged: WantedPage[] = [];
    for (const page of range.pages) {
      const { address, id, offset, length } = page;
      const begin = offset - range.range.offset;
      const alone = { offset, length: frameSize(length) };
      const frame =
        bytes?.subarray(begin, begin + alone.length) ??
        (await this.#ask({ id, range: alone, pages: [page] }, signal));
      if (frame === undefined) {
        const problem = `object ${id} does not have it any more`;
        results.set(address, new PageError("PAGE_MISSING", address, problem));
        continue;
      }
      const whole = pageOfFrame(frame, address);
      if (whole === undefined) damaged.push(page);
      else results.set(address, whole);
    }
    return damaged;
  }

  /**
   * Asks; again when the store is down, which may be over at any moment: whoever waits cannot.
   * @returns undefined when the object is gone or too short
   */
  async #ask({ id, range }: ReadRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#parts.objects.get(id, range, { signal });
      } catch (error) {
        const code = error instanceof StoreError ? error.code : undefined;
        if (code === "OBJECT_GONE" || code === "OBJECT_CUT") return undefined;
        if (code !== "STORE_DOWN" || tries === ASKS_MAX || signal.aborted) throw error;
      }
    }
  }
}

/** A page in room of its own: others may have asked for the same. */
function copied(page: FetchedPage, room: PageRoom): FetchedPage {
  if (page instanceof PageError) return page;
  const copy = room(page.length);
  copy.set(page);
  return copy;
}

/** Takes note that somebody waits for a request. */
function want(job: Job): void {
  job.isWanted = true;
  job.turn.hurry();
}
