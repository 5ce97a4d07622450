/**
 * Objects behind a network that fails: any call can end in an error, before it took effect or after.
 *
 * @module
 */
import { StoreError } from "../../src/core/base/errors.ts";
import type { ObjectBytes } from "../../src/stores/objects/object-bytes.ts";
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
} from "../../src/stores/objects/object-store.ts";

/** What becomes of a call: it goes through, or fails before or after it took effect. */
export type Fate = "pass" | "before" | "after";

/** A call, for whoever decides what becomes of it. */
export interface Call {
  readonly method: "put" | "get" | "delete" | "list" | "append" | "records" | "deleteRecords";
  /** Number of the call, from 1. */
  readonly number: number;
}

/** See the head of this file. */
export class FaultObjectStore implements ObjectStore {
  readonly store: ObjectStore;
  /** Decides what becomes of a call. */
  fate: (call: Call) => Fate = () => "pass";
  /** Changes the bytes a `get` answers. */
  damage: (id: ObjectId, range: ByteRange, bytes: Uint8Array) => Uint8Array = (_, __, bytes) =>
    bytes;
  /** Awaited before each call. */
  gate: (call: Call) => Promise<void> | undefined = () => undefined;
  /** Calls so far, by method. */
  readonly calls: Record<string, number> = {};
  #number = 0;

  constructor(store: ObjectStore) {
    this.store = store;
  }

  get name(): string {
    return this.store.name;
  }

  get readOnly(): boolean {
    return this.store.readOnly;
  }

  get limits(): ObjectLimits {
    return this.store.limits;
  }

  /** Calls so far. */
  get total(): number {
    return this.#number;
  }

  async #call<T>(
    method: Call["method"],
    body: () => Promise<T>,
    options?: CallOptions,
  ): Promise<T> {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
    const call = { method, number: ++this.#number };
    await this.gate(call);
    options?.signal?.throwIfAborted();
    const fate = this.fate(call);
    if (fate === "before") throw down(call);
    const result = await body();
    if (fate === "after") throw down(call);
    return result;
  }

  put(bytes: ObjectBytes, options?: CallOptions): Promise<StoredObject> {
    return this.#call("put", () => this.store.put(bytes, options), options);
  }

  get(id: ObjectId, range: ByteRange, options?: CallOptions): Promise<Uint8Array> {
    const get = async () => this.damage(id, range, await this.store.get(id, range, options));
    return this.#call("get", get, options);
  }

  delete(ids: readonly ObjectId[], options?: CallOptions): Promise<void> {
    return this.#call("delete", () => this.store.delete(ids, options), options);
  }

  async *list(options?: ListOptions): AsyncIterable<ListedObject> {
    await this.#call("list", async () => undefined, options);
    yield* this.store.list(options);
  }

  append(record: NewRecord, options?: CallOptions): Promise<LogRecord> {
    return this.#call("append", () => this.store.append(record, options), options);
  }

  records(limit: number, before?: string, options?: CallOptions): Promise<readonly LogRecord[]> {
    return this.#call("records", () => this.store.records(limit, before, options), options);
  }

  deleteRecords(positions: readonly string[], options?: CallOptions): Promise<void> {
    const remove = () => this.store.deleteRecords(positions, options);
    return this.#call("deleteRecords", remove, options);
  }

  traffic(): ObjectTraffic {
    return this.store.traffic();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

function down({ method, number }: Call): StoreError {
  return new StoreError("STORE_DOWN", `${method}, call ${number}, failed as the test wished`);
}
