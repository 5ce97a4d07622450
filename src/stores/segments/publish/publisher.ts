/**
 * Turns local commits into one record of the header log: a commit is one record, however many local ones it sums up.
 *
 *     deaths      what died before the local commit it carries is told, or never uploaded
 *     objects     full ones are put, several at a time; the database takes note of each
 *     record      header, the rest of the pages and the change of the catalog, in one append
 *     proof       the log is read: only a commit that counts makes its pages evictable
 *
 * 1. The local commit a publication carries is fixed when it begins; pages it needs are not dropped meanwhile.
 * 2. Interrupted anywhere, the remote side stands at the commit before or after, and what arrived is not sent again,
 *    but for objects whose note was lost: these are orphans.
 * 3. Every record brings copies of the key directory and of the commit root, without which nothing opens. A new vault
 *    begins with two records, and one that objects were put for is followed by another with the same header: so losing a
 *    record costs no content that does not stand in it.
 * 4. When an append fails it may have happened, so the next publication reads the log first (catch-up.ts).
 *
 * @module
 */
import { concatBytes } from "../../../core/base/bytes.ts";
import { CommitError, FormatError } from "../../../core/base/errors.ts";
import { decodeHeader, keyDirectoryPages } from "../../../core/format/header.ts";
import type { StoredPage } from "../../../core/pages/page-store.ts";
import type { LogRecord, ObjectStore, StoredObject } from "../../objects/object-store.ts";
import { encodeCatalogChange, OWN_ATTACHMENT } from "../format/catalog-change.ts";
import { encodeCommitRecord } from "../format/commit-record.ts";
import { type Extent, extentSize } from "../format/extent.ts";
import { extentsOf } from "../format/frame.ts";
import { encodeOpeningPages } from "../format/opening-pages.ts";
import type { LocalParts } from "../local/local-parts.ts";
import type { FreshPage } from "../local/page-table.ts";
import type { FetchedPage } from "../read/fetcher.ts";
import type { SegmentSettings } from "../segment-options.ts";
import { catchUp } from "./catch-up.ts";
import { CHECKPOINT_BYTES, checkpointParts } from "./checkpoint.ts";
import { callOptions, type Lease, newNonce } from "./lease.ts";
import { readLog } from "./read-log.ts";
import { isTooLarge, packFresh, type Shipping, shipFullObjects, tailBatch } from "./shipment.ts";

/** What an attachment of its own adds to the change of the catalog in a record, at most, bytes. */
const TAIL_OBJECT_BYTES = 256;

/** Most bytes of the pages that an opening needs: copies of them must fit into what is fetched with the change. */
const OPENING_BYTES = 240 * 1024;

/** A checkpoint that is to take effect with the next record. */
interface NewCheckpoint {
  readonly parts: readonly StoredObject[];
  /** Version it contains. */
  readonly version: number;
}

/** A record that is about to be appended. */
interface Draft {
  readonly bytes: Uint8Array;
  readonly change: { readonly offset: number; readonly length: number };
  readonly pages: readonly FreshPage[];
  readonly extents: readonly Extent[];
  readonly number: number;
}

export class Publisher {
  readonly #objects: ObjectStore;
  readonly #settings: SegmentSettings;
  readonly #local: LocalParts;
  readonly #lease: Lease;
  #publishing: number | undefined;
  #opening: readonly StoredPage[] = [];
  /** Whether an append was tried whose end is not known. */
  #isUnsure = false;
  /** Gets pages that are not on this machine. */
  fetch: (addresses: readonly number[]) => Promise<readonly FetchedPage[]> = async () => [];
  /** Called when something arrived at the store. */
  onProgress: () => void = () => {};
  /** Called when a publication begins: pages allocated from here on belong to the next one. */
  onBegin: () => void = () => {};

  constructor(settings: SegmentSettings, local: LocalParts, lease: Lease) {
    this.#settings = settings;
    this.#objects = settings.objects;
    this.#local = local;
    this.#lease = lease;
  }

  /** Takes note of the pages that an opening of the newest local commit reads: copies of them go with its record. */
  remember(opening: readonly number[]): void {
    const known = new Map(this.#opening.map(({ address, bytes }) => [address, bytes]));
    const pages = opening.flatMap((address) => {
      const bytes = known.get(address) ?? this.#local.pages.get(address);
      return bytes === undefined ? [] : [{ address, bytes }];
    });
    this.#opening = this.#fitting(pages);
  }

  /** The local commit that is being published: its pages are needed, dead or not. */
  get publishing(): number | undefined {
    return this.#publishing;
  }

  /**
   * Publishes the newest local commit, if it is not yet.
   * @param isForced - makes a record in any case, to publish a change of the catalog alone
   * @throws StoreError STORE_BUSY when the lease is another's, STORE_DOWN, STORE_DENIED, STORE_FULL; CommitError
   *   COMMIT_CONFLICT
   */
  async publish(isForced: boolean, signal?: AbortSignal): Promise<void> {
    const { state } = this.#local;
    if (!state.hasUnpublished && !isForced) return;
    await this.prepare(signal);
    if (!state.hasUnpublished && !isForced) return;
    const header = state.newestHeader();
    if (header === undefined) throw new Error("there is no header to publish");
    const { sequence } = state.now;
    this.#publishing = sequence;
    this.onBegin();
    try {
      this.#tellDeaths(sequence);
      await this.#bringKeys(header);
      const { onProgress } = this;
      const shipping = { objects: this.#objects, local: this.#local, sequence, onProgress, signal };
      const isLarge = await this.#ship(shipping, header);
      if (isLarge || state.now.publication === 1) await this.#ship(shipping, header);
    } finally {
      this.#publishing = undefined;
    }
    this.onProgress();
  }

  /** Adds what everybody needs to open the vault, where nobody told which pages that are: for a cleaning. */
  async #bringKeys(header: Uint8Array): Promise<void> {
    const known = new Set(this.#opening.map(({ address }) => address));
    const missing = pagesNamedBy(header).filter((address) => !known.has(address));
    const here = missing.map((address) => this.#local.pages.get(address));
    const absent = missing.filter((_, i) => here[i] === undefined);
    const fetched = (absent.length === 0 ? [] : await this.fetch(absent)).values();
    const pages = missing.flatMap((address, i) => {
      const bytes = here[i] ?? fetched.next().value;
      return bytes instanceof Uint8Array ? [{ address, bytes }] : [];
    });
    this.#opening = this.#fitting([...pages, ...this.#opening]);
  }

  /** Pages as far as they fit beside the change, the first of them first. */
  #fitting(pages: readonly StoredPage[]): readonly StoredPage[] {
    let room = Math.min(OPENING_BYTES, this.#objects.limits.objectBytes / 4);
    return pages.filter(({ bytes }) => {
      if (bytes.length > room) return false;
      room -= bytes.length;
      return true;
    });
  }

  /** Makes sure that we hold the lease and know the newest commit. */
  async prepare(signal?: AbortSignal): Promise<void> {
    if (this.#lease.isHeld && !this.#isUnsure) return;
    const view = this.#lease.isHeld
      ? await readLog(this.#objects, signal)
      : await this.#lease.acquire(signal);
    this.#lease.confirm(view);
    try {
      await this.#catchUp(view, signal);
    } catch (error) {
      // Whoever cannot go on from the newest commit has no use for the lease.
      if (error instanceof CommitError) await this.#lease.release(signal).catch(() => {});
      throw error;
    }
    this.#isUnsure = false;
  }

  #catchUp(view: Awaited<ReturnType<typeof readLog>>, signal?: AbortSignal): Promise<boolean> {
    const isOwn = this.#lease.isOwn.bind(this.#lease);
    const parts = { objects: this.#objects, local: this.#local, isOwn, signal };
    return catchUp({ ...parts, isLive: true, onDamage: "refuse", warnings: [] }, view);
  }

  /** What no header from `sequence` on needs: fresh pages go, published ones are marked. */
  #tellDeaths(sequence: number): void {
    const { database, state, pages, catalog, deaths } = this.#local;
    database.transaction(() => {
      for (const address of deaths.takeUpTo(sequence)) {
        if (pages.freshSequence(address) !== undefined) pages.dropFresh(address, false);
        else if (catalog.kill(address, state.now.version)) pages.dropCached(address);
      }
    });
  }

  /** @returns whether objects were put for the record */
  async #ship(shipping: Shipping, header: Uint8Array): Promise<boolean> {
    let isLarge = false;
    for (;;) {
      if (await shipFullObjects(shipping, () => this.#roomForTail())) isLarge = true;
      const checkpoint = await this.#makeCheckpoint(shipping.signal);
      const pages = tailBatch(shipping, this.#roomForTail());
      if (pages === undefined) continue;
      const draft = await this.#draft(shipping, pages, checkpoint);
      try {
        const record = await this.#append(shipping, draft, header);
        if (await this.#finish(shipping, record, draft, checkpoint)) return isLarge;
      } catch (error) {
        const canSplit = pages.length > 0;
        if (!canSplit || !isTooLarge(error, this.#objects, draft.bytes.length)) throw error;
        this.#isUnsure = false;
      }
    }
  }

  /** Bytes of frames that fit into a record beside the change. */
  #roomForTail(): number {
    const { objectBytes, recordBytes } = this.#objects.limits;
    const change = Math.min(this.#changeSize(), CHECKPOINT_BYTES);
    const beside = change + encodeOpeningPages(this.#opening).length + TAIL_OBJECT_BYTES;
    return Math.max(0, Math.min(objectBytes, recordBytes) - beside);
  }

  #changeSize(): number {
    const { catalog, state } = this.#local;
    const changes = catalog.changesAfter(state.now.checkpoint);
    return encodeCatalogChange({ checkpoint: state.checkpointParts(), ...changes }).length;
  }

  /** Puts a checkpoint when the changes have become many; parts that prove too large are made anew. */
  async #makeCheckpoint(signal: AbortSignal | undefined): Promise<NewCheckpoint | undefined> {
    const { objectBytes, recordBytes } = this.#objects.limits;
    const most = Math.min(CHECKPOINT_BYTES, Math.min(objectBytes, recordBytes) / 4);
    if (this.#changeSize() < most) return undefined;
    const { catalog, state } = this.#local;
    const { version } = state.now;
    const parts: StoredObject[] = [];
    for (const bytes of checkpointParts(catalog, objectBytes)) {
      try {
        parts.push(await this.#objects.put(bytes, callOptions(signal)));
      } catch (error) {
        if (!isTooLarge(error, this.#objects, bytes.length)) throw error;
        return this.#makeCheckpoint(signal);
      }
    }
    return { parts, version };
  }

  async #draft(
    shipping: Shipping,
    pages: readonly FreshPage[],
    checkpoint: NewCheckpoint | undefined,
  ): Promise<Draft> {
    const { catalog, state } = this.#local;
    const number = catalog.nextNumber();
    const extents = extentsOf(pages);
    const offset = extents.reduce((sum, extent) => sum + extentSize(extent), 0);
    const own = { number, id: OWN_ATTACHMENT, length: offset, position: undefined };
    const base = catalog.changesAfter(checkpoint?.version ?? state.now.checkpoint);
    const change = encodeCatalogChange({
      ...base,
      checkpoint: checkpoint?.parts ?? state.checkpointParts(),
      objects: pages.length === 0 ? base.objects : [...base.objects, own],
      extents: [...base.extents, ...extents.map((extent) => ({ ...extent, object: number }))],
    });
    const trailer = concatBytes(encodeOpeningPages(this.#opening), change);
    const { bytes } = await packFresh(shipping, pages, trailer);
    const place = { offset: bytes.length - change.length, length: change.length };
    return { bytes, change: place, pages, extents, number };
  }

  async #append(shipping: Shipping, draft: Draft, header: Uint8Array): Promise<LogRecord> {
    const body = encodeCommitRecord({
      claim: this.#lease.claim,
      publication: this.#local.state.now.publication + 1,
      sequence: shipping.sequence,
      change: { attachment: 0, ...draft.change },
      header,
    });
    this.#isUnsure = true;
    const nonce = newNonce(this.#settings);
    const attachments = [draft.bytes];
    const options = callOptions(shipping.signal);
    return this.#objects.append({ kind: "commit", body, attachments, nonce }, options);
  }

  /** Looks whether the record counts, and takes note of it. @returns whether it does */
  async #finish(
    shipping: Shipping,
    record: LogRecord,
    draft: Draft,
    checkpoint: NewCheckpoint | undefined,
  ): Promise<boolean> {
    const view = await readLog(this.#objects, shipping.signal);
    const counts = view.commits[0]?.record.position === record.position;
    if (!counts) {
      await this.#objects.deleteRecords([record.position]).catch(() => {});
      this.#lease.confirm(view);
      // An earlier try of ours arrived after all; what it lacks goes with the next record.
      await this.#catchUp(view, shipping.signal);
      this.#isUnsure = false;
      return false;
    }
    this.#note(shipping.sequence, record, draft, checkpoint);
    await this.#local.pages.sync();
    this.#isUnsure = false;
    this.#lease.signOfLife();
    return true;
  }

  #note(
    sequence: number,
    record: LogRecord,
    draft: Draft,
    checkpoint: NewCheckpoint | undefined,
  ): void {
    const { database, state, pages, catalog } = this.#local;
    const { position } = record;
    database.transaction(() => {
      const version = checkpoint === undefined ? state.now.version : checkpoint.version + 1;
      if (checkpoint !== undefined) {
        for (const part of state.checkpointParts()) catalog.doom({ ...part, position: undefined });
        state.setCheckpointParts(checkpoint.parts);
        state.change({ checkpoint: checkpoint.version });
        catalog.forgetGone(checkpoint.version);
      }
      const [attachment] = record.attachments;
      if (attachment !== undefined && draft.pages.length > 0) {
        catalog.place({ ...attachment, number: draft.number, position }, draft.extents, version);
        pages.published(draft.pages);
        pages.evict();
      }
      const publication = state.now.publication + 1;
      state.change({ shipped: sequence, publication, position, version: version + 1 });
    });
  }
}

/** The pages that a header leads to by itself: key directory first, commit root. */
function pagesNamedBy(header: Uint8Array): readonly number[] {
  try {
    const named = decodeHeader(header);
    return [...keyDirectoryPages(named), named.commitRoot].map(({ address }) => address);
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
