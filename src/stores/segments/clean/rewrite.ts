/**
 * Moves live pages out of objects that are nearly empty: into new objects, under the same addresses, as they are.
 *
 * A new object counts only when it was read back and compared. Until the catalog is published the old objects are what
 * everybody else reads; so a rewrite may stop after any object.
 *
 * @module
 */
import { equalBytes } from "../../../core/base/bytes.ts";
import { PageError, StoreError } from "../../../core/base/errors.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import type { ObjectStore, StoredObject } from "../../objects/object-store.ts";
import type { PlacedExtent } from "../format/catalog-change.ts";
import { frameSize, livePages } from "../format/extent.ts";
import { packObject } from "../format/frame.ts";
import type { ObjectShare } from "../local/catalog-table.ts";
import type { LocalParts } from "../local/local-parts.ts";
import { callOptions } from "../publish/lease.ts";
import { isTooLarge } from "../publish/shipment.ts";
import { Fetcher } from "../read/fetcher.ts";
import { remainder } from "./remainder.ts";

/** What a rewrite stands on. */
export interface Rewriting {
  readonly objects: ObjectStore;
  readonly local: LocalParts;
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes moved. */
  readonly onMoved: (bytes: number) => void;
}

/** A live page that is to be moved, and the extent it stands in. */
interface MovingPage {
  readonly address: number;
  readonly length: number;
  readonly extent: PlacedExtent;
}

/**
 * Rewrites objects.
 * @returns addresses of pages that could not be read, and so stay where they are
 * @throws StoreError; the signal's reason
 */
export async function rewriteObjects(
  work: Rewriting,
  sparse: readonly ObjectShare[],
): Promise<readonly number[]> {
  const unreadable: number[] = [];
  let batch: MovingPage[] = [];
  let bytes = 0;
  const move = async (): Promise<void> => {
    if (batch.length > 0) unreadable.push(...(await moveBatch(work, batch)));
    batch = [];
    bytes = 0;
  };
  for (const page of movingPages(work.local, sparse)) {
    const size = frameSize(page.length);
    if (bytes + size > work.objects.limits.objectBytes) await move();
    batch.push(page);
    bytes += size;
  }
  await move();
  return unreadable;
}

/** Live pages of objects. What is read ahead of the moves may be outdated only by the moves themselves. */
function* movingPages(local: LocalParts, sparse: readonly ObjectShare[]): Generator<MovingPage> {
  for (const { number } of sparse) {
    for (const extent of local.catalog.extentsOf(number)) {
      for (const n of livePages(extent)) {
        yield { address: extent.first + n, length: extent.lengths[n] as number, extent };
      }
    }
  }
}

/** Moves pages that fit into one object, or into several where that proves too large. @returns those not readable */
async function moveBatch(work: Rewriting, batch: readonly MovingPage[]): Promise<number[]> {
  work.signal?.throwIfAborted();
  const { found, unreadable } = await readPages(
    work,
    batch.map((page) => page.address),
  );
  if (found.length === 0) return unreadable;
  const packed = packObject(found);
  const stored = await tryPut(work, packed.bytes, found.length > 1);
  if (stored === undefined) {
    const half = batch.length >> 1;
    const first = await moveBatch(work, batch.slice(0, half));
    return [...first, ...(await moveBatch(work, batch.slice(half)))];
  }
  const range = { offset: 0, length: packed.bytes.length };
  const readBack = await work.objects.get(stored.id, range, callOptions(work.signal));
  if (!equalBytes(readBack, packed.bytes)) {
    throw new StoreError(
      "STORE_FAILED",
      `${work.objects.name} does not give back what it was given`,
    );
  }
  const { database, state, catalog } = work.local;
  database.transaction(() => {
    const { version } = state.now;
    const moved = new Set(found.map((page) => page.address));
    for (const extent of currentExtents(work.local, batch)) {
      catalog.removeExtent(extent.first, version);
      catalog.placeExtents(extent.object, remainder(extent, moved), version);
    }
    const object = { ...stored, number: catalog.nextNumber(), position: undefined };
    catalog.place(object, packed.extents, version);
  });
  work.onMoved(packed.bytes.length);
  return unreadable;
}

/** Puts an object. @returns undefined when it is too large, as the store knows by now, and can be split */
async function tryPut(
  { objects, signal }: Rewriting,
  bytes: Uint8Array,
  canSplit: boolean,
): Promise<StoredObject | undefined> {
  try {
    return await objects.put(bytes, callOptions(signal));
  } catch (error) {
    if (canSplit && isTooLarge(error, objects, bytes.length)) return undefined;
    throw error;
  }
}

/** The extents the pages of a batch stand in now. */
function currentExtents({ catalog }: LocalParts, batch: readonly MovingPage[]): PlacedExtent[] {
  const extents = new Map<number, PlacedExtent>();
  for (const { address } of batch) {
    const placed = catalog.find(address);
    if (placed !== undefined) extents.set(placed.extent.first, placed.extent);
  }
  return [...extents.values()];
}

/** Pages from the local database or from their objects. */
async function readPages(
  { objects, local }: Rewriting,
  addresses: readonly number[],
): Promise<{ readonly found: StoredPage[]; readonly unreadable: number[] }> {
  const fetcher = new Fetcher({ objects, catalog: local.catalog, cache: undefined });
  const missing = addresses.filter((address) => !local.pages.has(address));
  const pages = await fetcher.fetch(missing);
  const fetched = new Map(missing.map((address, i) => [address, pages[i]]));
  const found: StoredPage[] = [];
  const unreadable: number[] = [];
  for (const address of addresses) {
    const bytes = local.pages.get(address) ?? fetched.get(address);
    if (bytes === undefined || bytes instanceof PageError) unreadable.push(address);
    else found.push({ address, bytes });
  }
  return { found, unreadable };
}
