/**
 * What is left of a vault in a damaged store of objects: pages are found by looking into every object and everything
 * that is attached to a record, whatever became of records and catalog (FORMAT.md §10.2).
 *
 * 1. Nothing is written to the objects, and no lease is asked for.
 * 2. Of pages that differ and claim to be the same, the one that opens counts; of several that open, the one that the
 *    catalog of the newest readable commit names, else none, rather than the wrong one.
 * 3. What a frame says proves that it came through whole, not who made it: a page counts once it opens.
 *
 * @module
 */
import { DvaultError, PageError, StoreError } from "../../../core/base/errors.ts";
import type { MaybePromise } from "../../../core/base/maybe-promise.ts";
import { pageNumber } from "../../../core/format/address.ts";
import type { PageHeader } from "../../../core/format/page-header.ts";
import type { PageScan } from "../../../core/pages/page-scan.ts";
import type { PageRun, PageStore, StoredPage, StoreSpace } from "../../../core/pages/page-store.ts";
import type { ByteRange, StoredObject } from "../../objects/object-store.ts";
import { frameAt, frameSize } from "../format/extent.ts";
import { pageOfFrame } from "../format/frame.ts";
import type { LogView } from "../format/log-view.ts";
import type { PlacedPage } from "../local/catalog-table.ts";
import { closeLocal, type LocalParts, openLocal } from "../local/local-parts.ts";
import { roomOf } from "../page-room.ts";
import { catchUp } from "../publish/catch-up.ts";
import { readLog } from "../publish/read-log.ts";
import { type FetchedPage, Fetcher } from "../read/fetcher.ts";
import {
  type SegmentSettings,
  type SegmentStoreOptions,
  withDefaults,
} from "../segment-options.ts";
import { type FoundFrame, findFrames } from "./find-frames.ts";
import { type FoundPlace, PlaceTable } from "./place-table.ts";

/** Times an object is asked for before the search goes on without it. */
const ASKS_MAX = 3;

/** What may be wrong with a single object, where the others are to be had. */
const PASSED_OVER: ReadonlySet<string> = new Set(["OBJECT_CUT", "STORE_DOWN", "STORE_DENIED"]);

interface SearchParts {
  readonly settings: SegmentSettings;
  readonly local: LocalParts;
  readonly headers: readonly Uint8Array[];
}

export class SearchStore implements PageStore, PageScan {
  readonly name: string;
  readonly readOnly = true;
  readonly reusesAddresses = false;
  readonly #parts: SearchParts;
  readonly #places: PlaceTable;
  readonly #fetcher: Fetcher;
  readonly #unread: string[] = [];
  /** Before the vault is unlocked, any page may be one. */
  #isGenuine: (stored: Uint8Array) => MaybePromise<boolean> = () => true;
  #isSearched = false;
  #end = 0;

  private constructor(parts: SearchParts) {
    const { objects } = parts.settings;
    this.name = objects.name;
    this.#parts = parts;
    this.#places = new PlaceTable(parts.local.database);
    const find = (address: number): PlacedPage | undefined => placed(this.#places.find(address)[0]);
    this.#fetcher = new Fetcher({ objects, catalog: { find }, cache: undefined });
  }

  /**
   * Opens a damaged store; nothing is searched yet.
   * @param options - `database` is a file that is not there yet, and the caller's to remove
   * @throws StoreError STORE_DOWN, STORE_DENIED; FormatError VERSION_UNKNOWN
   */
  static async open(options: SegmentStoreOptions): Promise<SearchStore> {
    const settings = withDefaults({ ...options, readOnly: true });
    const view = await readLog(settings.objects);
    const local = await openLocal(settings);
    try {
      await readCatalog(settings, local, view);
      const headers = view.commits.slice(0, 1).map(({ commit }) => commit.header);
      return new SearchStore({ settings, local, headers });
    } catch (error) {
      await closeLocal(local);
      throw error;
    }
  }

  get end(): number {
    return this.#end;
  }

  /** The header of the newest commit that counts, if there is one left. */
  readHeaders(): readonly Uint8Array[] {
    return this.#parts.headers;
  }

  /** Everything found is in objects. */
  isNear(): boolean {
    return false;
  }

  /** Looks into every object, once; then it is known what was found. */
  async *scan(): AsyncGenerator<PageHeader> {
    if (!this.#isSearched) {
      const { objects } = this.#parts.settings;
      for await (const object of objects.list({ withAttachments: true })) {
        for (const { header } of await this.#lookInto(object)) {
          this.#end = Math.max(this.#end, pageNumber(header.address) + 1);
          yield header;
        }
      }
      this.#isSearched = true;
      return;
    }
    yield* this.#places.headers();
  }

  async #lookInto(object: StoredObject): Promise<readonly FoundFrame[]> {
    const bytes = await this.#get(object, { offset: 0, length: object.length });
    const frames = [...findFrames(bytes)];
    this.#places.add(object, frames, ({ header, offset }) => {
      const named = this.#parts.local.catalog.find(header.address);
      return named?.object.id === object.id && frameAt(named.extent, named.n).offset === offset;
    });
    return frames;
  }

  /** Bytes of an object; nothing of one that is gone, or cannot be had. */
  async #get({ id }: StoredObject, range: ByteRange): Promise<Uint8Array> {
    const { objects } = this.#parts.settings;
    for (let asks = 1; ; asks++) {
      try {
        return await objects.get(id, range);
      } catch (error) {
        const code = error instanceof StoreError ? error.code : "";
        if (code !== "OBJECT_GONE" && !PASSED_OVER.has(code)) throw error;
        if (code !== "OBJECT_GONE" && asks < ASKS_MAX) continue;
        this.#unread.push(`object ${id} cannot be read: ${(error as StoreError).message}`);
        return new Uint8Array(0);
      }
    }
  }

  /** Objects that are there and could not be read, in words. */
  get unread(): readonly string[] {
    return this.#unread;
  }

  judgeBy(isGenuine: (stored: Uint8Array) => MaybePromise<boolean>): void {
    this.#isGenuine = isGenuine;
  }

  async read(
    addresses: readonly number[],
    room: () => Uint8Array,
  ): Promise<readonly (Uint8Array | PageError)[]> {
    const found = await this.#fetcher.fetch(addresses, roomOf(room));
    return Promise.all(
      addresses.map((address, i) => {
        const places = this.#places.find(address);
        const page = found[i] as FetchedPage;
        return places.length > 1 ? this.#choose(address, places) : page;
      }),
    );
  }

  /** One of several pages that claim to be the same. */
  async #choose(address: number, places: readonly FoundPlace[]): Promise<Uint8Array | PageError> {
    const genuine: Uint8Array[] = [];
    for (const { object, offset, length, isNamed } of places) {
      const frame = await this.#get(object, { offset, length: frameSize(length) });
      const page = pageOfFrame(frame, address);
      if (page === undefined || !(await this.#isGenuine(page.slice()))) continue;
      if (isNamed) return page;
      genuine.push(page);
    }
    const [only, ...others] = genuine;
    if (only !== undefined && others.length === 0) return only;
    return new PageError("PAGE_CORRUPT", address, "several pages that differ claim to be it");
  }

  space(): StoreSpace {
    return { totalPages: this.#end, freePages: 0 };
  }

  publish(): MaybePromise<void> {
    throw this.#readOnly();
  }

  seed(_end: number, _free: readonly PageRun[]): void {
    throw this.#readOnly();
  }

  allocate(_count: number, _reserve: number, _out: number[]): void {
    throw this.#readOnly();
  }

  release(_addresses: readonly number[]): void {
    throw this.#readOnly();
  }

  write(_pages: readonly StoredPage[]): MaybePromise<void> {
    throw this.#readOnly();
  }

  #readOnly(): StoreError {
    return new StoreError("STORE_DENIED", `${this.name} is only searched, not written to`);
  }

  async close(): Promise<void> {
    this.#fetcher.close();
    await closeLocal(this.#parts.local);
    await this.#parts.settings.objects.close();
  }
}

/** Takes in the catalog of the newest commit whose catalog is whole; there may be none. */
async function readCatalog(
  { objects }: SegmentSettings,
  local: LocalParts,
  view: LogView,
): Promise<void> {
  const isOwn = (): boolean => false;
  const parts = { objects, local, isOwn, isLive: false, warnings: [] };
  try {
    await catchUp({ ...parts, onDamage: "older" }, view);
  } catch (error) {
    const isDamage = error instanceof DvaultError && error.code === "VAULT_DAMAGED";
    if (!isDamage) throw error;
  }
}

/** A place as the catalog would have it. */
function placed(found: FoundPlace | undefined): PlacedPage | undefined {
  if (found === undefined) return undefined;
  const { header, object, offset, length } = found;
  const extent = { first: header.address, object: 0, offset, lengths: [length], dead: undefined };
  return { object: { ...object, number: 0, position: undefined }, extent, n: 0 };
}
