/**
 * Cleaning: live pages move out of objects that are nearly empty, then what nothing needs is deleted.
 *
 *     rewrite    new objects, read back and compared
 *     publish    two records with the same header and the new catalog
 *     delete     objects the published catalog no longer has, orphans, outdated records
 *
 * 1. Written first, deleted last: nothing is deleted before a published catalog does without it. It is published twice,
 *    with the header of the record before, so both of the newest records open whole and any one may be lost.
 * 2. Nothing here needs a key: pages keep their addresses, and are moved as they are.
 * 3. Stopped anywhere, the next cleaning goes on: what is to be deleted stands in the local database; if that is lost,
 *    it is found as orphans.
 *
 * @module
 */
import type { ObjectStore } from "../../objects/object-store.ts";
import { viewLog } from "../format/log-view.ts";
import type { DoomedObject, ObjectShare } from "../local/catalog-table.ts";
import type { LocalParts } from "../local/local-parts.ts";
import { callOptions } from "../publish/lease.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { SegmentSettings } from "../segment-options.ts";
import { rewriteObjects } from "./rewrite.ts";
import {
  findIdleRecords,
  findOrphans,
  keptPositions,
  readWholeLog,
  type Sweeping,
} from "./sweep.ts";

const HOUR_MS = 3_600_000;
const DEFAULT_LIVE_SHARE = 0.5;
const DEFAULT_ORPHAN_MS: number = 6 * HOUR_MS;
const DEFAULT_KEEP_COMMITS = 4;

/** The two newest commits open whole at any time. */
const LEAST_COMMITS = 2;

/** Objects deleted with one call. */
const DELETE_BATCH = 50;

/** How to clean. */
export interface CleaningOptions {
  /** Only says what would be done. */
  readonly dryRun?: boolean;
  /** Objects of which no more than this share is live are rewritten; 0.5 unless told otherwise. */
  readonly targetLiveShare?: number;
  /** Age from which on an object without a reference is deleted, ms. */
  readonly orphanMs?: number;
  /** Newest commits whose records are kept in any case, 2 or more. */
  readonly keepCommits?: number;
  readonly onProgress?: (progress: CleaningProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far a cleaning is, bytes. */
export interface CleaningProgress {
  readonly movedBytes: number;
  /** Live bytes that are to be moved in all. */
  readonly totalBytes: number;
}

/** What a cleaning did, or would do. */
export interface CleaningReport {
  /** Objects whose live pages were moved. */
  readonly rewritten: number;
  readonly movedBytes: number;
  /** Objects that were deleted, orphans included. */
  readonly deleted: number;
  readonly orphans: number;
  readonly records: number;
  /** Addresses of live pages that could not be read: damaged or gone. */
  readonly unreadable: readonly number[];
}

export class Cleaner {
  readonly #objects: ObjectStore;
  readonly #local: LocalParts;
  readonly #publisher: Publisher;

  constructor(settings: SegmentSettings, local: LocalParts, publisher: Publisher) {
    this.#objects = settings.objects;
    this.#local = local;
    this.#publisher = publisher;
  }

  /** Cleans. Everything that was committed must be published, but for a dry run. @throws StoreError; the signal's reason */
  async run(options: CleaningOptions): Promise<CleaningReport> {
    const sweeping: Sweeping = {
      objects: this.#objects,
      local: this.#local,
      orphanMs: options.orphanMs ?? DEFAULT_ORPHAN_MS,
      keepCommits: Math.max(LEAST_COMMITS, options.keepCommits ?? DEFAULT_KEEP_COMMITS),
      signal: options.signal,
    };
    if (options.dryRun !== true) await this.#publisher.prepare(options.signal);
    const sparse = await this.#chooseObjects(sweeping, options);
    if (options.dryRun === true) return this.#forecast(sweeping, sparse);
    const { movedBytes, unreadable } = await this.#rewrite(sparse, options);
    await this.#publisher.publish(true, options.signal);
    if (this.#local.catalog.doomed().length > 0)
      await this.#publisher.publish(true, options.signal);
    const deleted = await this.#deleteDoomed(sweeping);
    const swept = await this.#sweep(sweeping);
    return {
      rewritten: sparse.length,
      movedBytes,
      unreadable,
      deleted: deleted + swept.orphans,
      ...swept,
    };
  }

  /** Objects to rewrite: nearly empty, and not attached to a record that is kept. */
  async #chooseObjects(
    sweeping: Sweeping,
    options: CleaningOptions,
  ): Promise<readonly ObjectShare[]> {
    const view = viewLog(await readWholeLog(sweeping));
    const kept = keptPositions(sweeping, view);
    const share = options.targetLiveShare ?? DEFAULT_LIVE_SHARE;
    return this.#local.catalog
      .sparse(share)
      .filter(({ position }) => position === undefined || !kept.has(position));
  }

  async #forecast(sweeping: Sweeping, sparse: readonly ObjectShare[]): Promise<CleaningReport> {
    const records = await readWholeLog(sweeping);
    const orphans = await findOrphans(sweeping, viewLog(records).timeMs);
    return {
      rewritten: sparse.length,
      movedBytes: liveBytes(sparse),
      deleted: sparse.length + orphans.length,
      orphans: orphans.length,
      records: findIdleRecords(sweeping, records).length,
      unreadable: [],
    };
  }

  async #rewrite(
    sparse: readonly ObjectShare[],
    { onProgress, signal }: CleaningOptions,
  ): Promise<{ readonly movedBytes: number; readonly unreadable: readonly number[] }> {
    const { database, state, catalog } = this.#local;
    const totalBytes = liveBytes(sparse);
    let movedBytes = 0;
    const onMoved = (bytes: number): void => {
      movedBytes += bytes;
      onProgress?.({ movedBytes, totalBytes });
    };
    const work = { objects: this.#objects, local: this.#local, signal, onMoved };
    const unreadable = await rewriteObjects(work, sparse);
    database.transaction(() => {
      for (const object of sparse) {
        if (catalog.extentsOf(object.number).length > 0) continue;
        catalog.removeObject(object, state.now.version);
      }
    });
    return { movedBytes, unreadable };
  }

  /** Deletes what the published catalog does not have any more. @returns how many objects */
  async #deleteDoomed(sweeping: Sweeping): Promise<number> {
    const { catalog, database } = this.#local;
    const kept = keptPositions(sweeping, viewLog(await readWholeLog(sweeping)));
    const doomed = catalog
      .doomed()
      .filter(({ position }) => position === undefined || !kept.has(position));
    for (let at = 0; at < doomed.length; at += DELETE_BATCH) {
      const batch = doomed.slice(at, at + DELETE_BATCH);
      await this.#delete(batch, sweeping.signal);
      database.transaction(() => catalog.deleted(batch));
    }
    return doomed.length;
  }

  async #delete(batch: readonly DoomedObject[], signal: AbortSignal | undefined): Promise<void> {
    const own = batch.filter(({ position }) => position === undefined).map(({ id }) => id);
    const positions = batch.flatMap(({ position }) => (position === undefined ? [] : [position]));
    const options = callOptions(signal);
    if (own.length > 0) await this.#objects.delete(own, options);
    if (positions.length > 0) await this.#objects.deleteRecords(positions, options);
  }

  async #sweep(sweeping: Sweeping): Promise<Pick<CleaningReport, "orphans" | "records">> {
    const log = await readWholeLog(sweeping);
    const orphans = await findOrphans(sweeping, viewLog(log).timeMs);
    const options = callOptions(sweeping.signal);
    for (let at = 0; at < orphans.length; at += DELETE_BATCH) {
      await this.#objects.delete(orphans.slice(at, at + DELETE_BATCH), options);
    }
    const records = findIdleRecords(sweeping, log);
    if (records.length > 0) await this.#objects.deleteRecords(records, options);
    return { orphans: orphans.length, records: records.length };
  }
}

function liveBytes(sparse: readonly ObjectShare[]): number {
  return sparse.reduce((sum, { live }) => sum + live, 0);
}
