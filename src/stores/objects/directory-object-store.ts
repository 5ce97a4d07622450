/**
 * Objects and records as files in a folder (`dir:PATH`), which may be one that another program synchronises.
 *
 * 1. A file appears under its name only when it is whole and durable; a record only after its attachments.
 * 2. Records are ordered by their names. On one machine appends take turns by a lock, so a later record sorts behind.
 *    Between machines a synchroniser decides when a record arrives; the lease of the segment store must have room
 *    for its delay.
 * 3. A file that is missing is gone only when the folder itself is there; a disk that is not mounted is a store that is down.
 *
 * @module
 */
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FormatError, StoreError } from "../../core/base/errors.ts";
import type { Random } from "../../core/base/platform.ts";
import { tryLock } from "../../native/host.ts";
import { storeError } from "../file/file-errors.ts";
import { pause, type Timing } from "../timing.ts";
import {
  attachmentId,
  isObjectFolder,
  isObjectId,
  isRecordName,
  LOCK,
  MARKER,
  OBJECTS,
  objectIdOf,
  RECORDS,
  recordName,
  recordOfAttachment,
  sequenceOf,
  TEMPORARY,
  toHex,
} from "./directory-layout.ts";
import { makeFolder, syncFolder, writeDurably } from "./durable-file.ts";
import type { ObjectBytes } from "./object-bytes.ts";
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
import { decodeRecordFile, encodeRecordFile } from "./record-file.ts";

const LIMITS: ObjectLimits = {
  objectBytes: 8 * 2 ** 20,
  attachments: 10,
  recordBytes: 64 * 2 ** 20,
  parallelPuts: 2,
  parallelGets: 4,
};

const NAME_BYTES = 16;
/** Time between two tries to get the lock, ms. */
const LOCK_RETRY_MS = 20;

/** How a {@link DirectoryObjectStore} is made. */
export interface DirectoryObjectStoreOptions {
  readonly random: Random;
  readonly timing: Timing;
  readonly readOnly?: boolean;
  /** Whether a folder without the file that marks it is refused, as it is unless told: for recovery. */
  readonly isMarkerNeeded?: boolean;
}

export class DirectoryObjectStore implements ObjectStore {
  readonly name: string;
  readonly readOnly: boolean;
  readonly limits: ObjectLimits = LIMITS;
  readonly #path: string;
  readonly #random: Random;
  readonly #timing: Timing;

  private constructor(path: string, options: DirectoryObjectStoreOptions) {
    this.#path = path;
    this.name = `dir:${path}`;
    this.readOnly = options.readOnly ?? false;
    this.#random = options.random;
    this.#timing = options.timing;
  }

  /**
   * Makes a folder a store, or opens it when it is one.
   * @throws StoreError STORE_EXISTS when other files stand in it, STORE_DENIED, STORE_FULL
   */
  static async create(
    folder: string,
    options: DirectoryObjectStoreOptions,
  ): Promise<DirectoryObjectStore> {
    const path = resolve(folder);
    const store = new DirectoryObjectStore(path, options);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const names = await readdir(path);
      if (!names.includes(MARKER)) {
        if (names.length > 0) {
          throw new StoreError("STORE_EXISTS", `${path} holds other files; choose an empty folder`);
        }
        for (const name of [OBJECTS, RECORDS, TEMPORARY]) await makeFolder(join(path, name));
        await store.#write(MARKER, new TextEncoder().encode("objects of a dvault vault\n"));
      }
      return store;
    } catch (error) {
      throw storeError(path, "make a store of", error);
    }
  }

  /** Opens a folder that is a store. @throws StoreError STORE_MISSING, STORE_DENIED */
  static async open(
    folder: string,
    options: DirectoryObjectStoreOptions,
  ): Promise<DirectoryObjectStore> {
    const path = resolve(folder);
    try {
      await stat(join(path, options.isMarkerNeeded === false ? RECORDS : MARKER));
    } catch (error) {
      throw storeError(path, "open the store in", error);
    }
    return new DirectoryObjectStore(path, options);
  }

  async put(bytes: ObjectBytes, options: CallOptions = {}): Promise<StoredObject> {
    this.#checkWritable(options);
    checkObjectSize(this.name, bytes, this.limits);
    const id = objectIdOf(this.#randomName());
    try {
      await makeFolder(dirname(join(this.#path, id)));
      await this.#write(id, bytes);
    } catch (error) {
      throw await this.#failure("write to", error);
    }
    return { id, length: bytes.length };
  }

  async get(id: ObjectId, range: ByteRange, options: CallOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    if (!isObjectId(id)) throw objectGone(this.name, id);
    try {
      const file = await open(join(this.#path, id));
      try {
        const bytes = new Uint8Array(range.length);
        let read = 0;
        while (read < bytes.length) {
          const rest = bytes.length - read;
          const { bytesRead } = await file.read(bytes, read, rest, range.offset + read);
          if (bytesRead === 0) throw objectCut(id, range, range.offset + read);
          read += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw await this.#failure("read from", error, id);
    }
  }

  async delete(ids: readonly ObjectId[], options: CallOptions = {}): Promise<void> {
    this.#checkWritable(options);
    try {
      for (const id of ids) {
        options.signal?.throwIfAborted();
        if (isObjectId(id)) await rm(join(this.#path, id), { force: true });
      }
    } catch (error) {
      throw await this.#failure("delete from", error);
    }
  }

  async *list(options: ListOptions = {}): AsyncIterable<ListedObject> {
    for (const folder of (await this.#names(OBJECTS)).filter(isObjectFolder)) {
      for (const name of await this.#names(`${OBJECTS}/${folder}`)) {
        options.signal?.throwIfAborted();
        const found = await this.#describe(`${OBJECTS}/${folder}/${name}`);
        if (found !== undefined) yield found;
      }
    }
    const names = await this.#names(RECORDS);
    for (const name of names) {
      const record = recordOfAttachment(name);
      const isPartOfRecord = record !== undefined && names.includes(record);
      if (record === undefined || (isPartOfRecord && options.withAttachments !== true)) continue;
      const found = await this.#describe(`${RECORDS}/${name}`);
      if (found !== undefined) yield found;
    }
  }

  async append(record: NewRecord, options: CallOptions = {}): Promise<LogRecord> {
    this.#checkWritable(options);
    checkRecordSize(this.name, record, this.limits);
    const unlock = await this.#lock(options.signal);
    try {
      const names = (await this.#names(RECORDS)).filter(isRecordName).sort();
      const earlier = names.find((name) => name.endsWith(`-${toHex(record.nonce)}`));
      if (earlier !== undefined) return await this.#record(earlier);
      const name = recordName(sequenceOf(names.at(-1) ?? "0") + 1, record.nonce);
      for (const [n, bytes] of record.attachments.entries()) {
        await this.#write(attachmentId(name, n), bytes);
      }
      const { kind, body } = record;
      const attachments = record.attachments.map((bytes) => bytes.length);
      const file = { kind, body, attachments, timeMs: Math.floor(this.#timing.wall()) };
      await this.#write(`${RECORDS}/${name}`, encodeRecordFile(file));
      return asRecord(name, file);
    } catch (error) {
      throw await this.#failure("append to", error);
    } finally {
      await unlock();
    }
  }

  async records(
    limit: number,
    before?: string,
    options: CallOptions = {},
  ): Promise<readonly LogRecord[]> {
    options.signal?.throwIfAborted();
    const names = (await this.#names(RECORDS)).filter(
      (name) => isRecordName(name) && (before === undefined || name < before),
    );
    const records: LogRecord[] = [];
    for (const name of names.sort().reverse()) {
      if (records.length >= limit) break;
      try {
        records.push(await this.#record(name));
      } catch (error) {
        // Foreign, or not whole yet where a synchroniser brings it.
        if (!(error instanceof FormatError) && !isMissing(error)) {
          throw await this.#failure("read from", error);
        }
      }
    }
    return records;
  }

  async deleteRecords(positions: readonly string[], options: CallOptions = {}): Promise<void> {
    this.#checkWritable(options);
    try {
      for (const name of positions.filter(isRecordName)) {
        options.signal?.throwIfAborted();
        await rm(join(this.#path, RECORDS, name), { force: true });
      }
      await syncFolder(join(this.#path, RECORDS));
      for (const name of await this.#names(RECORDS)) {
        const record = recordOfAttachment(name);
        if (record === undefined || !positions.includes(record)) continue;
        await rm(join(this.#path, RECORDS, name), { force: true });
      }
    } catch (error) {
      throw await this.#failure("delete from", error);
    }
  }

  traffic(): ObjectTraffic {
    return { lanes: [{ name: this.name, state: "ready" }], limitedMs: 0, stopped: undefined };
  }

  async close(): Promise<void> {}

  async #record(name: string): Promise<LogRecord> {
    return asRecord(name, decodeRecordFile(await readFile(join(this.#path, RECORDS, name))));
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(join(this.#path, folder));
    } catch (error) {
      throw await this.#failure("list", error);
    }
  }

  async #describe(id: string): Promise<ListedObject | undefined> {
    if (!isObjectId(id)) return undefined;
    try {
      const { size, mtimeMs } = await stat(join(this.#path, id));
      return { id: id as ObjectId, length: size, timeMs: mtimeMs };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw await this.#failure("list", error);
    }
  }

  async #lock(signal: AbortSignal | undefined): Promise<() => Promise<void>> {
    try {
      const file = await open(join(this.#path, LOCK), "a", 0o600);
      while (!tryLock(file.fd, "exclusive")) await pause(this.#timing, LOCK_RETRY_MS, signal);
      return () => file.close();
    } catch (error) {
      throw await this.#failure("lock", error);
    }
  }

  #write(id: string, bytes: ObjectBytes): Promise<void> {
    const temporary = join(this.#path, TEMPORARY, toHex(this.#randomName()));
    return writeDurably(join(this.#path, id), temporary, bytes);
  }

  #randomName(): Uint8Array {
    const name = new Uint8Array(NAME_BYTES);
    this.#random.fill(name);
    return name;
  }

  #checkWritable(options: CallOptions): void {
    options.signal?.throwIfAborted();
    if (this.readOnly) throw new StoreError("STORE_DENIED", `${this.name} is open read-only`);
  }

  /** What went wrong; a missing file is a store that is down unless the folder is there without it. */
  async #failure(action: string, cause: unknown, id?: string): Promise<Error> {
    const isAbort = cause instanceof Error && cause.name === "AbortError";
    if (cause instanceof StoreError || isAbort) return cause;
    if (!isMissing(cause)) return storeError(this.#path, action, cause);
    const isHere = await stat(join(this.#path, MARKER)).then(
      () => true,
      () => false,
    );
    if (isHere && id !== undefined) return objectGone(this.name, id);
    return new StoreError("STORE_DOWN", `${this.#path} is not there; is its disk mounted?`, {
      cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return (error as { readonly code?: string } | undefined)?.code === "ENOENT";
}

function asRecord(
  name: string,
  file: { readonly attachments: readonly number[] } & Pick<LogRecord, "kind" | "body" | "timeMs">,
): LogRecord {
  const attachments = file.attachments.map((length, n) => ({ id: attachmentId(name, n), length }));
  return { position: name, kind: file.kind, body: file.body, attachments, timeMs: file.timeMs };
}
