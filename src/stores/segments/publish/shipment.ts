/**
 * Fresh pages on their way into objects of their own, several at a time.
 *
 * The store may say that its objects are to be smaller from now on (its limits are learned): then the pages go back
 * and are packed anew.
 *
 * @module
 */
import { StoreError } from "../../../core/base/errors.ts";
import type { ObjectStore, StoredObject } from "../../objects/object-store.ts";
import { frameSize } from "../format/extent.ts";
import { layOut, type PackedObject, sealFrames } from "../format/frame.ts";
import type { LocalParts } from "../local/local-parts.ts";
import type { FreshPage } from "../local/page-table.ts";
import { FreshObject } from "./fresh-object.ts";
import { callOptions } from "./lease.ts";

/** What a page adds to the change of the catalog in a record, at most, bytes. */
const TAIL_PAGE_BYTES = 24;

/** What a shipment stands on. */
export interface Shipping {
  readonly objects: ObjectStore;
  readonly local: LocalParts;
  /** Newest local commit whose pages go. */
  readonly sequence: number;
  /** Called when an object has arrived. */
  readonly onProgress: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** Fresh pages that would go together. */
interface Batch {
  readonly pages: readonly FreshPage[];
  /** Bytes of their frames. */
  readonly bytes: number;
  /** Whether the next page would not have fitted any more. */
  readonly isFull: boolean;
}

/** Whether an error means that an object was larger than the store takes by now. */
export function isTooLarge(error: unknown, objects: ObjectStore, length: number): boolean {
  return (
    error instanceof StoreError &&
    error.code === "STORE_FULL" &&
    length > Math.min(objects.limits.objectBytes, objects.limits.recordBytes)
  );
}

/** Fresh pages behind an address that fit into `limit` bytes together; one at least, if there is one. */
function nextBatch({ local, sequence }: Shipping, after: number, limit: number): Batch {
  const pages: FreshPage[] = [];
  let bytes = 0;
  for (const page of local.pages.freshPages(after, sequence)) {
    if (bytes + frameSize(page.length) > limit && pages.length > 0) {
      return { pages, bytes, isFull: true };
    }
    bytes += frameSize(page.length);
    pages.push(page);
  }
  return { pages, bytes, isFull: false };
}

/**
 * The fresh pages that are left, to go with the record.
 * @returns undefined when they do not fit: the limits have changed
 */
export function tailBatch(shipping: Shipping, room: number): readonly FreshPage[] | undefined {
  const batch = nextBatch(shipping, -1, shipping.objects.limits.objectBytes);
  return isTail(batch, room) ? batch.pages : undefined;
}

function isTail({ pages, bytes, isFull }: Batch, room: number): boolean {
  return !isFull && bytes + pages.length * TAIL_PAGE_BYTES <= room;
}

/**
 * Puts fresh pages into one object.
 * @param trailer - bytes to stand behind the last frame
 * @throws StoreError STORE_FAILED
 */
export async function packFresh(
  { local }: Shipping,
  pages: readonly FreshPage[],
  trailer: Uint8Array,
): Promise<PackedObject> {
  const object = layOut(pages, trailer.length);
  await local.pages.read(object.pages);
  sealFrames(object);
  object.bytes.set(trailer, object.bytes.length - trailer.length);
  return object;
}

/**
 * Puts fresh pages into objects until those left over fit into a record with `room()` bytes.
 * @returns whether any was put
 * @throws StoreError; what arrived before stays
 */
export async function shipFullObjects(shipping: Shipping, room: () => number): Promise<boolean> {
  const { objects, local } = shipping;
  const lane = new Lane(Math.max(1, objects.limits.parallelPuts));
  const parts = { table: local.pages, rooms: [] };
  let after = -1;
  let hasPut = false;
  for (;;) {
    const batch = nextBatch(shipping, after, objects.limits.objectBytes);
    if (!isTail(batch, room())) {
      hasPut = true;
      await lane.start(() => putObject(shipping, new FreshObject(batch.pages, parts)));
      after = batch.pages.at(-1)?.address ?? after;
      continue;
    }
    const wasBusy = lane.isBusy;
    const wentThrough = await lane.drain();
    if (!wasBusy && wentThrough) return hasPut;
    // What arrived made the catalog grow, so there may be less room now; and what was too large is fresh still.
    after = -1;
  }
}

/** Runs a few things at a time; the first failure ends it. */
class Lane {
  readonly #slots: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #wentThrough = true;

  constructor(slots: number) {
    this.#slots = slots;
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Waits for a slot and starts `body` there; it answers whether it went through. */
  async start(body: () => Promise<boolean>): Promise<void> {
    while (this.#running.size >= this.#slots) await Promise.race(this.#running);
    if (this.#failure !== undefined) await this.drain();
    const running = body()
      .then((wentThrough) => {
        this.#wentThrough &&= wentThrough;
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all of it. @returns whether all since the last time went through; throws the first failure */
  async drain(): Promise<boolean> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
    const wentThrough = this.#wentThrough;
    this.#wentThrough = true;
    return wentThrough;
  }
}

/** @returns whether the store took it; otherwise the pages are fresh still, to be packed smaller */
async function putObject(shipping: Shipping, object: FreshObject): Promise<boolean> {
  const { objects, local, signal } = shipping;
  const { pages, extents } = object;
  let stored: StoredObject;
  try {
    stored = await objects.put(object, callOptions(signal));
  } catch (error) {
    const canSplit = pages.length > 1;
    if (canSplit && isTooLarge(error, objects, object.length)) return false;
    throw error;
  }
  object.release();
  local.database.transaction(() => {
    const { version } = local.state.now;
    const number = local.catalog.nextNumber();
    local.catalog.place({ ...stored, number, position: undefined }, extents, version);
    local.pages.published(pages);
    local.pages.evict();
  });
  shipping.onProgress();
  return true;
}
