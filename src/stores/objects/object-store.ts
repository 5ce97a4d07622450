/**
 * What a segment store needs of the place its objects are in: a channel, a directory, a bucket.
 *
 * There are two kinds of things. *Objects* are immutable bytes under an id that the store gives (the id is the truth; URLs
 * are a cache behind it). *Records* are small messages in one totally ordered log, the header log: commits, which carry a
 * header and a few objects of their own, and leases. The store knows nothing of pages or keys.
 *
 * Contract, shown by the conformance suite every object store passes:
 * 1. What `put` or `append` returned is durable and can be read by any later client with the same credentials.
 * 2. A call that was answered by an error may have happened (a lost answer). `append` with the same nonce within minutes
 *    happens once; an object that `put` left behind unreferenced is found by `list` and may be deleted.
 * 3. `records` gives the log newest first, whole, without foreign messages; order is the same for all clients.
 * 4. An object is gone only when `get` throws OBJECT_GONE: never on a denied or failed request.
 * 5. All waiting for limits is inside; every call takes a signal and ends soon after it is aborted.
 *
 * @module
 */

import type { ObjectBytes } from "./object-bytes.ts";

/** Names an object within its store: opaque ASCII, at most 80 characters, valid for the object's life. */
export type ObjectId = string & { readonly __unit: "object id" };

/** An object as its store knows it. */
export interface StoredObject {
  readonly id: ObjectId;
  /** Bytes. */
  readonly length: number;
}

/** A part of an object, bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** What a record is for. */
export type RecordKind = "commit" | "lease";

/** A record to be appended to the header log. */
export interface NewRecord {
  readonly kind: RecordKind;
  /** At most {@link RECORD_BYTES_MAX} bytes. */
  readonly body: Uint8Array;
  /** Objects that come and go with the record; at most `limits.attachments` of `limits.objectBytes` each. */
  readonly attachments: readonly Uint8Array[];
  /** 16 random bytes: appending the same twice happens once. */
  readonly nonce: Uint8Array;
}

/** A record of the header log. */
export interface LogRecord {
  /** Position in the log; later records sort behind as strings of the same length. */
  readonly position: string;
  readonly kind: RecordKind;
  readonly body: Uint8Array;
  readonly attachments: readonly StoredObject[];
  /** Server time of the record, ms since the epoch. */
  readonly timeMs: number;
}

/** Longest body of a record: base64url of it fits a Discord message. */
export const RECORD_BYTES_MAX = 1400;

/** Limits as known now; they may shrink and grow while the store is open. */
export interface ObjectLimits {
  /** Largest object, bytes. */
  readonly objectBytes: number;
  /** Most attachments of one record. */
  readonly attachments: number;
  /** Largest sum of a record's attachments, bytes. */
  readonly recordBytes: number;
  /** Puts that may usefully run at once. */
  readonly parallelPuts: number;
  /** Gets that may usefully run at once. */
  readonly parallelGets: number;
}

/** How the traffic of a store is doing, for `status`. */
export interface ObjectTraffic {
  /** Places data goes out over. */
  readonly lanes: readonly LaneState[];
  /** Time spent waiting for the service's limits since the store was opened, ms. */
  readonly limitedMs: number;
  /** Why nothing is sent any more, in words; undefined while all is well. */
  readonly stopped: string | undefined;
}

/** One lane. */
export interface LaneState {
  readonly name: string;
  readonly state: "ready" | "waiting" | "failed";
  /** Why it failed, in words. */
  readonly reason?: string;
}

/** Options of calls that go out. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What is listed. */
export interface ListOptions extends CallOptions {
  /** Everything that records carry as well, whether the record itself can be read or not: for recovery. */
  readonly withAttachments?: boolean;
}

/** An object, and when it was made by the server's time, ms since the epoch. */
export interface ListedObject extends StoredObject {
  readonly timeMs: number;
}

export interface ObjectStore {
  /** What messages call this store: without secrets. */
  readonly name: string;
  readonly readOnly: boolean;
  readonly limits: ObjectLimits;

  /**
   * Keeps bytes, borrowed until the promise ends.
   * @throws StoreError STORE_DOWN, STORE_DENIED, STORE_FULL (too large for `limits.objectBytes` as known after the call);
   *   what reading the bytes throws
   */
  put(bytes: ObjectBytes, options?: CallOptions): Promise<StoredObject>;

  /**
   * Reads a part of an object.
   * @returns exactly the bytes asked for; a fresh array
   * @throws StoreError STORE_DOWN, STORE_DENIED, OBJECT_GONE, OBJECT_CUT when it is shorter than it was
   */
  get(id: ObjectId, range: ByteRange, options?: CallOptions): Promise<Uint8Array>;

  /** Removes objects; ones that are gone already are fine. */
  delete(ids: readonly ObjectId[], options?: CallOptions): Promise<void>;

  /** Every object there is, records' attachments excepted unless asked for, in no order: to find what nothing refers to. */
  list(options?: ListOptions): AsyncIterable<ListedObject>;

  /** Appends a record to the header log. @throws StoreError as `put` */
  append(record: NewRecord, options?: CallOptions): Promise<LogRecord>;

  /**
   * Records, newest first.
   * @param before - only those at positions before this one
   * @param limit - at most so many; one request covers up to 100
   */
  records(limit: number, before?: string, options?: CallOptions): Promise<readonly LogRecord[]>;

  /** Removes records with their attachments; ones that are gone already are fine. */
  deleteRecords(positions: readonly string[], options?: CallOptions): Promise<void>;

  traffic(): ObjectTraffic;

  close(): Promise<void>;
}
