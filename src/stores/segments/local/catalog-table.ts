/**
 * The catalog: which object holds which pages, in the local database, so that its size in memory is nothing.
 *
 * Rows carry the version in which they changed last. What changed since the checkpoint is thereby one query, and what
 * is gone since stands in a table of its own.
 *
 * @module
 */
import { FormatError } from "../../../core/base/errors.ts";
import { isAddress, pageNumber } from "../../../core/format/address.ts";
import { RecordReader } from "../../../core/format/record-reader.ts";
import type { ObjectId } from "../../objects/object-store.ts";
import {
  type CatalogChange,
  decodeLengths,
  encodeLengths,
  type PlacedExtent,
} from "../format/catalog-change.ts";
import type { CatalogObject } from "../format/catalog-object.ts";
import {
  DEAD_BITMAP_SIZE,
  type Extent,
  extentSize,
  frameAt,
  frameSize,
  isDead,
  livePages,
  withDead,
} from "../format/extent.ts";
import type { LocalDatabase } from "./database.ts";

/** A page as the catalog knows it. */
export interface PlacedPage {
  readonly object: CatalogObject;
  readonly extent: PlacedExtent;
  /** Its number in the extent. */
  readonly n: number;
}

/** How full an object is. */
export interface ObjectShare extends CatalogObject {
  /** Bytes of live pages in it. */
  readonly live: number;
}

/** Sums over the catalog. */
export interface CatalogSums {
  readonly objects: number;
  readonly bytes: number;
  readonly liveBytes: number;
}

/** An object that is no longer in the catalog and waits to be deleted. */
export interface DoomedObject {
  readonly id: ObjectId;
  readonly position: string | undefined;
}

type ObjectRow = Omit<ObjectShare, "position"> & { readonly position: string | null };
interface ExtentRow {
  readonly first: number;
  readonly object: number;
  readonly offset: number;
  readonly lengths: Uint8Array;
  readonly dead: Uint8Array | null;
}

export class CatalogTable {
  readonly #database: LocalDatabase;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: LocalDatabase) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  /** Where a page is; undefined when the store has none at this address. */
  find(address: number): PlacedPage | undefined {
    return this.#database.read(() => {
      const extent = this.#extentOf(address);
      if (extent === undefined) return undefined;
      const row = this.#statements.object.get(extent.object) as ObjectRow | undefined;
      return row === undefined
        ? undefined
        : { object: this.#object(row), extent, n: address - extent.first };
    });
  }

  #extentOf(address: number): PlacedExtent | undefined {
    const row = this.#statements.extentUpTo.get(address) as ExtentRow | undefined;
    if (row === undefined) return undefined;
    const extent = this.#extent(row);
    return address < extent.first + extent.lengths.length ? extent : undefined;
  }

  /** One past the highest page number that is in an object. */
  get end(): number {
    const row = this.#statements.extentUpTo.get(Number.MAX_SAFE_INTEGER) as ExtentRow | undefined;
    if (row === undefined) return 0;
    const { first, lengths } = this.#extent(row);
    return pageNumber(first) + lengths.length;
  }

  /** The number for the next object. */
  nextNumber(): number {
    const next = this.#statements.nextNumber.get();
    this.#database.expectRow(isNumber(next), "object");
    return next as number;
  }

  /** Takes an object in, with the pages it holds. Call within a transaction. */
  place(object: CatalogObject, extents: readonly Extent[], version: number): void {
    this.#putObject(object, version);
    this.placeExtents(object.number, extents, version);
  }

  /** Takes in where pages of an object stand. Call within a transaction. */
  placeExtents(object: number, extents: readonly Extent[], version: number): void {
    for (const extent of extents) this.#putExtent({ ...extent, object }, version);
  }

  #putObject({ number, id, length, position }: CatalogObject, version: number): void {
    this.#statements.notGone.run("object", number);
    this.#statements.putObject.run(number, id, length, position ?? null, version);
  }

  #putExtent(extent: PlacedExtent, version: number): void {
    const { first, object, offset, lengths, dead } = extent;
    this.#dropExtent(first);
    this.#statements.notGone.run("extent", first);
    const packed = encodeLengths(lengths);
    this.#statements.putExtent.run(first, object, offset, packed, dead ?? null, version);
    this.#statements.addLive.run(liveSize(extent), object);
  }

  #dropExtent(first: number): void {
    const row = this.#statements.extent.get(first) as ExtentRow | undefined;
    if (row === undefined) return;
    this.#statements.addLive.run(-liveSize(this.#extent(row)), row.object);
    this.#statements.dropExtent.run(first);
  }

  /** Takes note that a page is dead. Call within a transaction. @returns whether it was there and live */
  kill(address: number, version: number): boolean {
    const extent = this.#extentOf(address);
    if (extent === undefined) return false;
    const n = address - extent.first;
    if (isDead(extent, n)) return false;
    const after = { ...extent, dead: withDead(extent, n) };
    if (livePages(after).length === 0) this.removeExtent(extent.first, version);
    else {
      this.#statements.setDead.run(after.dead, version, extent.first);
      this.#statements.addLive.run(-frameSize(frameAt(extent, n).length), extent.object);
    }
    return true;
  }

  /** Removes an extent. Call within a transaction. */
  removeExtent(first: number, version: number): void {
    this.#dropExtent(first);
    this.#statements.gone.run("extent", first, version);
  }

  /** Removes an object, which is to be deleted once that is published. Call within a transaction. */
  removeObject(object: CatalogObject, version: number): void {
    for (const { first } of this.extentsOf(object.number)) this.removeExtent(first, version);
    this.#statements.dropObject.run(object.number);
    this.#statements.gone.run("object", object.number, version);
    this.doom(object);
  }

  /** Remembers an object to be deleted. Call within a transaction. */
  doom({ id, position }: DoomedObject): void {
    this.#statements.doom.run(id, position ?? null);
  }

  /** Objects that are to be deleted. */
  doomed(): readonly DoomedObject[] {
    const rows = this.#statements.doomed.all() as { id: ObjectId; position: string | null }[];
    for (const { id, position } of rows) {
      const isRight = [id, position ?? ""].every((text) => typeof text === "string");
      this.#database.expectRow(isRight, "doomed");
    }
    return rows.map(({ id, position }) => ({ id, position: position ?? undefined }));
  }

  /** Forgets objects that were deleted. Call within a transaction. */
  deleted(objects: readonly DoomedObject[]): void {
    for (const { id } of objects) this.#statements.undoom.run(id);
  }

  extentsOf(object: number): readonly PlacedExtent[] {
    return this.#extents(this.#statements.extentsOf.all(object));
  }

  /** Objects of which at most `share` is live, emptiest first. */
  sparse(share: number): readonly ObjectShare[] {
    return this.#objects(this.#statements.sparse.all(share));
  }

  /** Whether an object of this id is part of the catalog. */
  knows(id: ObjectId): boolean {
    return this.#statements.known.get({ id }) !== undefined;
  }

  /** Whether pages are attached to the record at this position. */
  knowsRecord(position: string): boolean {
    return this.#statements.knownRecord.get(position) !== undefined;
  }

  sums(): CatalogSums {
    return this.#database.read(() => this.#statements.sums.get() as CatalogSums);
  }

  /** What changed after a version. */
  changesAfter(version: number): Omit<CatalogChange, "checkpoint"> {
    const { goneAfter, objectsAfter, extentsAfter } = this.#statements;
    return this.#database.read(() => ({
      goneObjects: this.#numbers(goneAfter.all("object", version)),
      goneExtents: this.#numbers(goneAfter.all("extent", version)),
      objects: this.#objects(objectsAfter.all(version)),
      extents: this.#extents(extentsAfter.all(version)),
    }));
  }

  /** A part of all rows, in order. */
  objectsFrom(number: number, limit: number): readonly CatalogObject[] {
    return this.#objects(this.#statements.objectsFrom.all(number, limit));
  }

  /** A part of all rows, in order. */
  extentsFrom(first: number, limit: number): readonly PlacedExtent[] {
    return this.#extents(this.#statements.extentsFrom.all(first, limit));
  }

  /** Forgets what is gone, up to a version that a checkpoint contains. Call within a transaction. */
  forgetGone(version: number): void {
    this.#statements.forgetGone.run(version);
  }

  /** Makes a change of another writer, or of another time, part of this catalog. Call within a transaction. */
  apply(change: CatalogChange, version: number): void {
    for (const first of change.goneExtents) this.removeExtent(first, version);
    for (const number of change.goneObjects) {
      this.#statements.dropObject.run(number);
      this.#statements.gone.run("object", number, version);
    }
    for (const object of change.objects) this.#putObject(object, version);
    for (const extent of change.extents) this.#putExtent(extent, version);
  }

  #objects(rows: readonly unknown[]): readonly ObjectShare[] {
    return rows.map((row) => this.#object(row as ObjectRow));
  }

  #object({ number, id, length, position, live }: ObjectRow): ObjectShare {
    const isRight =
      [number, length].every(isNumber) &&
      Number.isSafeInteger(live) &&
      typeof id === "string" &&
      (position === null || typeof position === "string");
    this.#database.expectRow(isRight, "object");
    return { number, id, length, position: position ?? undefined, live };
  }

  #extents(rows: readonly unknown[]): readonly PlacedExtent[] {
    return rows.map((row) => this.#extent(row as ExtentRow));
  }

  #extent(row: ExtentRow): PlacedExtent {
    const extent = decodeExtent(row);
    this.#database.expectRow(extent !== undefined, "extent");
    return extent as PlacedExtent;
  }

  #numbers(rows: readonly unknown[]): number[] {
    for (const row of rows) this.#database.expectRow(isNumber(row), "gone");
    return rows as number[];
  }

  /** Forgets everything. Call within a transaction. */
  clear(): void {
    this.#database.sql.exec(
      "DELETE FROM object; DELETE FROM extent; DELETE FROM gone; DELETE FROM doomed;",
    );
  }
}

/** Undefined for a row that makes no sense. */
function decodeExtent({
  first,
  object,
  offset,
  lengths,
  dead,
}: ExtentRow): PlacedExtent | undefined {
  const isRight =
    isNumber(object) &&
    isNumber(offset) &&
    lengths instanceof Uint8Array &&
    (dead === null || (dead instanceof Uint8Array && dead.length === DEAD_BITMAP_SIZE));
  if (!isRight) return undefined;
  try {
    const decoded = decodeLengths(new RecordReader("extent", lengths));
    if (!isAddress(first) || !isAddress(first + decoded.length - 1)) return undefined;
    return { first, object, offset, lengths: decoded, dead: dead ?? undefined };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function liveSize(extent: Extent): number {
  if (extent.dead === undefined) return extentSize(extent);
  return livePages(extent).reduce((sum, n) => sum + frameSize(extent.lengths[n] as number), 0);
}

function prepareStatements({ sql }: LocalDatabase) {
  const object = "SELECT number, id, length, position, live FROM object";
  const extent = "SELECT first, object, offset, lengths, dead FROM extent";
  return {
    object: sql.prepare(`${object} WHERE number = ?`),
    extent: sql.prepare(`${extent} WHERE first = ?`),
    extentUpTo: sql.prepare(`${extent} WHERE first <= ? ORDER BY first DESC LIMIT 1`),
    extentsOf: sql.prepare(`${extent} WHERE object = ? ORDER BY offset`),
    nextNumber: sql
      .prepare(
        `SELECT 1 + MAX(COALESCE((SELECT MAX(number) FROM object), 0),
                        COALESCE((SELECT MAX(key) FROM gone WHERE kind = 'object'), 0))`,
      )
      .pluck(),
    putObject: sql.prepare(
      `INSERT INTO object VALUES (?, ?, ?, ?, 0, ?)
       ON CONFLICT (number) DO UPDATE SET
         id = excluded.id, length = excluded.length, position = excluded.position,
         changed = excluded.changed`,
    ),
    dropObject: sql.prepare("DELETE FROM object WHERE number = ?"),
    putExtent: sql.prepare("INSERT INTO extent VALUES (?, ?, ?, ?, ?, ?)"),
    dropExtent: sql.prepare("DELETE FROM extent WHERE first = ?"),
    setDead: sql.prepare("UPDATE extent SET dead = ?, changed = ? WHERE first = ?"),
    addLive: sql.prepare("UPDATE object SET live = live + ? WHERE number = ?"),
    gone: sql.prepare("INSERT OR REPLACE INTO gone VALUES (?, ?, ?)"),
    notGone: sql.prepare("DELETE FROM gone WHERE kind = ? AND key = ?"),
    forgetGone: sql.prepare("DELETE FROM gone WHERE changed <= ?"),
    goneAfter: sql.prepare("SELECT key FROM gone WHERE kind = ? AND changed > ?").pluck(),
    objectsAfter: sql.prepare(`${object} WHERE changed > ?`),
    extentsAfter: sql.prepare(`${extent} WHERE changed > ?`),
    objectsFrom: sql.prepare(`${object} WHERE number >= ? ORDER BY number LIMIT ?`),
    extentsFrom: sql.prepare(`${extent} WHERE first >= ? ORDER BY first LIMIT ?`),
    sparse: sql.prepare(`${object} WHERE live <= length * ? ORDER BY live * 1.0 / length`),
    known: sql.prepare(
      "SELECT 1 FROM object WHERE id = @id UNION SELECT 1 FROM checkpoint_part WHERE id = @id",
    ),
    knownRecord: sql.prepare("SELECT 1 FROM object WHERE position = ? LIMIT 1"),
    sums: sql.prepare(
      `SELECT COUNT(*) AS objects, COALESCE(SUM(length), 0) AS bytes,
              COALESCE(SUM(live), 0) AS liveBytes FROM object`,
    ),
    doom: sql.prepare("INSERT OR REPLACE INTO doomed VALUES (?, ?)"),
    undoom: sql.prepare("DELETE FROM doomed WHERE id = ?"),
    doomed: sql.prepare("SELECT id, position FROM doomed"),
  };
}
