/**
 * Objects and records in memory: for tests, and to try a segment store without a service.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import { type ObjectBytes, wholeOf } from "./object-bytes.ts";
import { checkObjectSize, checkRecordSize, objectCut, objectGone } from "./object-errors.ts";
import type {
  ByteRange,
  CallOptions,
  ListedObject,
  ListOptions,
  LogRecord,
  NewRecord,
  ObjectId,
  ObjectLimits,
  ObjectStore,
  ObjectTraffic,
  StoredObject,
} from "./object-store.ts";

const POSITION_DIGITS = 12;

/** Limits unless told otherwise: those of Discord. */
const MEMORY_LIMITS: ObjectLimits = {
  objectBytes: 8 * 2 ** 20,
  attachments: 10,
  recordBytes: 24 * 2 ** 20,
  parallelPuts: 2,
  parallelGets: 8,
};

/** An object that is kept. */
export interface KeptObject {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
  /** Whether it belongs to a record. */
  readonly isAttachment: boolean;
}

/** What all clients of one memory store share. */
export interface MemoryObjects {
  readonly objects: Map<string, KeptObject>;
  /** Oldest first. */
  readonly records: LogRecord[];
  readonly nonces: Map<string, LogRecord>;
  /** Things made so far. */
  made: number;
}

/** An empty place for objects. */
export function emptyObjects(): MemoryObjects {
  return { objects: new Map(), records: [], nonces: new Map(), made: 0 };
}

/** How a {@link MemoryObjectStore} is made. */
export interface MemoryObjectStoreOptions {
  /** Shared with other clients. */
  readonly contents?: MemoryObjects;
  readonly limits?: Partial<ObjectLimits>;
  readonly readOnly?: boolean;
  /** Server time, ms since the epoch. */
  readonly wall?: () => number;
}

export class MemoryObjectStore implements ObjectStore {
  readonly name = "memory";
  readonly readOnly: boolean;
  readonly contents: MemoryObjects;
  /** May be changed at any time, as a service does. */
  limits: ObjectLimits;
  readonly #wall: () => number;

  constructor(options: MemoryObjectStoreOptions = {}) {
    this.contents = options.contents ?? emptyObjects();
    this.limits = { ...MEMORY_LIMITS, ...options.limits };
    this.readOnly = options.readOnly ?? false;
    this.#wall = options.wall ?? (() => 0);
  }

  async put(bytes: ObjectBytes, options: CallOptions = {}): Promise<StoredObject> {
    this.#checkWritable(options);
    checkObjectSize(this.name, bytes, this.limits);
    return this.#keep(await wholeOf(bytes), false);
  }

  async get(id: ObjectId, range: ByteRange, options: CallOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const kept = this.contents.objects.get(id);
    if (kept === undefined) throw objectGone(this.name, id);
    const end = range.offset + range.length;
    if (end > kept.bytes.length) throw objectCut(id, range, kept.bytes.length);
    return kept.bytes.slice(range.offset, end);
  }

  async delete(ids: readonly ObjectId[], options: CallOptions = {}): Promise<void> {
    this.#checkWritable(options);
    for (const id of ids) this.contents.objects.delete(id);
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListedObject> {
    for (const [id, kept] of [...this.contents.objects]) {
      options.signal?.throwIfAborted();
      if (kept.isAttachment && options.withAttachments !== true) continue;
      yield { id: id as ObjectId, length: kept.bytes.length, timeMs: kept.timeMs };
    }
  }

  async append(record: NewRecord, options: CallOptions = {}): Promise<LogRecord> {
    this.#checkWritable(options);
    const nonce = record.nonce.join();
    const earlier = this.contents.nonces.get(nonce);
    if (earlier !== undefined) return earlier;
    checkRecordSize(this.name, record, this.limits);
    const attachments = record.attachments.map((bytes) => this.#keep(bytes, true));
    const made: LogRecord = {
      position: String(++this.contents.made).padStart(POSITION_DIGITS, "0"),
      kind: record.kind,
      body: record.body.slice(),
      attachments,
      timeMs: this.#wall(),
    };
    this.contents.records.push(made);
    this.contents.nonces.set(nonce, made);
    return made;
  }

  async records(
    limit: number,
    before?: string,
    options: CallOptions = {},
  ): Promise<readonly LogRecord[]> {
    options.signal?.throwIfAborted();
    const older = this.contents.records.filter(
      (record) => before === undefined || record.position < before,
    );
    return older.slice(-limit).reverse();
  }

  async deleteRecords(positions: readonly string[], options: CallOptions = {}): Promise<void> {
    this.#checkWritable(options);
    for (const position of positions) {
      const index = this.contents.records.findIndex((record) => record.position === position);
      const [gone] = index < 0 ? [] : this.contents.records.splice(index, 1);
      for (const { id } of gone?.attachments ?? []) this.contents.objects.delete(id);
    }
  }

  traffic(): ObjectTraffic {
    return { lanes: [{ name: "memory", state: "ready" }], limitedMs: 0, stopped: undefined };
  }

  async close(): Promise<void> {}

  #keep(bytes: Uint8Array, isAttachment: boolean): StoredObject {
    const id = `object-${++this.contents.made}` as ObjectId;
    this.contents.objects.set(id, { bytes: bytes.slice(), timeMs: this.#wall(), isAttachment });
    return { id, length: bytes.length };
  }

  #checkWritable(options: CallOptions): void {
    options.signal?.throwIfAborted();
    if (this.readOnly) throw new StoreError("STORE_DENIED", `${this.name} is open read-only`);
  }
}
