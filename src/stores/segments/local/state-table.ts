/**
 * The few values a segment store remembers beside pages and catalog.
 *
 * @module
 */
import type { ObjectId, StoredObject } from "../../objects/object-store.ts";
import type { LocalDatabase } from "./database.ts";

/** What is remembered. */
export interface LocalState {
  /** Names this database as a writer: 32 hexadecimal digits. */
  readonly writer: string;
  /** Local commits so far. */
  readonly sequence: number;
  /** The local commit up to which everything is published. */
  readonly shipped: number;
  /** Number of the newest publication known; 0 before the first. */
  readonly publication: number;
  /** Position of its record; empty before the first. */
  readonly position: string;
  /** Counts up with each publication tried: rows of the catalog carry it, to tell what changed since a checkpoint. */
  readonly version: number;
  /** Version the checkpoint contains. */
  readonly checkpoint: number;
  /** Boot of the machine in which the database was last open; empty when it was closed properly. */
  readonly boot: string;
}

export class StateTable {
  readonly #database: LocalDatabase;
  #state: LocalState;
  readonly #statements: ReturnType<typeof prepareStatements>;

  /**
   * @param newWriter - names the writer of a new database
   * @throws StoreError STORE_FAILED
   */
  constructor(database: LocalDatabase, newWriter: () => string) {
    this.#database = database;
    this.#statements = prepareStatements(database);
    const { read, write } = this.#statements;
    const found = read.get() as LocalState | undefined;
    database.expectRow(found === undefined || isState(found), "state");
    this.#state = found ?? {
      writer: newWriter(),
      sequence: 0,
      shipped: 0,
      publication: 0,
      position: "",
      version: 1,
      checkpoint: 0,
      boot: "",
    };
    if (found === undefined) database.transaction(() => write.run(this.#state));
    database.onEnd((end) => {
      if (end === "rollback") this.#state = read.get() as LocalState;
    });
  }

  get now(): LocalState {
    return this.#state;
  }

  /** Whether there are local commits the store does not have. */
  get hasUnpublished(): boolean {
    return this.#state.sequence > this.#state.shipped;
  }

  /** Changes some values. Call within a transaction. */
  change(values: Partial<LocalState>): void {
    this.#state = { ...this.#state, ...values };
    this.#statements.write.run(this.#state);
  }

  /** Headers by slot. */
  headers(): [Uint8Array | undefined, Uint8Array | undefined] {
    return this.#database.read(() => [this.#header(0), this.#header(1)]);
  }

  #header(slot: number): Uint8Array | undefined {
    return this.#bytesOf(this.#statements.header.get(slot));
  }

  /** The header of the newest local commit. */
  newestHeader(): Uint8Array | undefined {
    return this.#bytesOf(this.#statements.newestHeader.get());
  }

  #bytesOf(header: unknown): Uint8Array | undefined {
    if (header === undefined) return undefined;
    this.#database.expectRow(header instanceof Uint8Array, "header");
    return Uint8Array.from(header as Buffer);
  }

  /** Sets the header of a slot. Call within a transaction. */
  setHeader(slot: 0 | 1, bytes: Uint8Array, sequence: number): void {
    this.#statements.setHeader.run(slot, bytes, sequence);
  }

  /** Replaces both slots. Call within a transaction. */
  setHeaders(newest: Uint8Array, older: Uint8Array | undefined, sequence: number): void {
    this.#database.sql.exec("DELETE FROM header");
    this.setHeader(0, newest, sequence);
    if (older !== undefined) this.setHeader(1, older, sequence - 1);
  }

  /** Objects the checkpoint consists of. */
  checkpointParts(): readonly StoredObject[] {
    const parts = this.#statements.parts.all() as { id: ObjectId; length: number }[];
    for (const { id, length } of parts) {
      const isRight = typeof id === "string" && Number.isSafeInteger(length) && length >= 0;
      this.#database.expectRow(isRight, "checkpoint_part");
    }
    return parts;
  }

  /** Call within a transaction. */
  setCheckpointParts(parts: readonly StoredObject[]): void {
    this.#database.sql.exec("DELETE FROM checkpoint_part");
    for (const [part, { id, length }] of parts.entries()) {
      this.#statements.addPart.run(part, id, length);
    }
  }
}

function isState({ writer, position, boot, ...counts }: LocalState): boolean {
  const isCounted = Object.values(counts).every((n) => Number.isSafeInteger(n) && n >= 0);
  return isCounted && [writer, position, boot].every((text) => typeof text === "string");
}

function prepareStatements({ sql }: LocalDatabase) {
  return {
    read: sql.prepare(
      "SELECT writer, sequence, shipped, publication, position, version, checkpoint, boot FROM state",
    ),
    write: sql.prepare(
      `INSERT OR REPLACE INTO state
       VALUES (1, @writer, @sequence, @shipped, @publication, @position, @version, @checkpoint, @boot)`,
    ),
    header: sql.prepare("SELECT bytes FROM header WHERE slot = ?").pluck(),
    newestHeader: sql.prepare("SELECT bytes FROM header ORDER BY sequence DESC LIMIT 1").pluck(),
    setHeader: sql.prepare("INSERT OR REPLACE INTO header VALUES (?, ?, ?)"),
    parts: sql.prepare("SELECT id, length FROM checkpoint_part ORDER BY part"),
    addPart: sql.prepare("INSERT INTO checkpoint_part VALUES (?, ?, ?)"),
  };
}
