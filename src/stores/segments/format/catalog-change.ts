/**
 * A part of the catalog as it is stored: a checkpoint's part or the changes since (FORMAT.md §8.3).
 *
 * Both say what is so, not what happened: a change is the whole new value of a row, or that a row is gone. Applying
 * changes again, or applying later ones without those between, leads to the same catalog.
 *
 * @module
 */
import { utf8 } from "../../../core/base/bytes.ts";
import { crc32c } from "../../../core/base/crc32c.ts";
import { FormatError } from "../../../core/base/errors.ts";
import { PAGES_PER_SEGMENT } from "../../../core/base/limits.ts";
import { isAddress } from "../../../core/format/address.ts";
import { STORED_PAGE_MAX } from "../../../core/format/page-size.ts";
import { RecordReader } from "../../../core/format/record-reader.ts";
import { RecordWriter } from "../../../core/format/record-writer.ts";
import type { ObjectId, StoredObject } from "../../objects/object-store.ts";
import { readText, writeText } from "./ascii.ts";
import type { CatalogObject } from "./catalog-object.ts";
import { DEAD_BITMAP_SIZE, type Extent } from "./extent.ts";

const MAGIC = utf8("DVCT");
const VERSION = 1;
const CHECKSUM_SIZE = 4;

/** Flags of an object. */
const OF_THIS_RECORD = 1;
const OF_A_RECORD = 2;

/** Flags of an extent. */
const HAS_DEAD = 1;

/** Id of an object attached to the record that carries the change itself: it had none when this was written. */
export const OWN_ATTACHMENT = "" as ObjectId;

/** An extent and its object's number. */
export interface PlacedExtent extends Extent {
  readonly object: number;
}

/** Rows that changed. */
export interface CatalogChange {
  /** Objects the checkpoint consists of, in order; empty when everything stands in the change, and in a part. */
  readonly checkpoint: readonly StoredObject[];
  /** Numbers of objects that are no longer part of the catalog. */
  readonly goneObjects: readonly number[];
  /** First addresses of extents that are no longer. */
  readonly goneExtents: readonly number[];
  readonly objects: readonly CatalogObject[];
  readonly extents: readonly PlacedExtent[];
}

/** The bytes of a change, as {@link decodeCatalogChange} reads them. */
export function encodeCatalogChange(change: CatalogChange): Uint8Array {
  const writer = new RecordWriter();
  writer.bytes(MAGIC);
  writer.u8(VERSION);
  writer.reserved(3);
  writer.u16(change.checkpoint.length);
  for (const { id, length } of change.checkpoint) {
    writeText(writer, id);
    writer.u32(length);
  }
  writer.u32(change.goneObjects.length);
  for (const number of change.goneObjects) writer.u32(number);
  writer.u32(change.goneExtents.length);
  for (const first of change.goneExtents) writer.u48(first);
  writer.u32(change.objects.length);
  for (const object of change.objects) writeObject(writer, object);
  writer.u32(change.extents.length);
  for (const extent of change.extents) writeExtent(writer, extent);
  const body = writer.finish();
  writer.u32(crc32c(body));
  return writer.finish();
}

function writeObject(writer: RecordWriter, object: CatalogObject): void {
  const isOwn = object.id === OWN_ATTACHMENT;
  writer.u32(object.number);
  writer.u32(object.length);
  writer.u8((isOwn ? OF_THIS_RECORD : 0) | (object.position === undefined ? 0 : OF_A_RECORD));
  writeText(writer, object.id);
  if (object.position !== undefined) writeText(writer, object.position);
}

function writeExtent(writer: RecordWriter, extent: PlacedExtent): void {
  writer.u48(extent.first);
  writer.u32(extent.object);
  writer.u32(extent.offset);
  writer.u8(extent.dead === undefined ? 0 : HAS_DEAD);
  writer.bytes(encodeLengths(extent.lengths));
  if (extent.dead !== undefined) writer.bytes(extent.dead);
}

/** Lengths of pages as runs: number of pages `u8`, then for each run its count `u8` and length `u24`. */
export function encodeLengths(lengths: readonly number[]): Uint8Array {
  const bytes = [lengths.length];
  for (let at = 0; at < lengths.length; ) {
    const length = lengths[at] as number;
    let count = 1;
    while (lengths[at + count] === length) count++;
    bytes.push(count, length >>> 16, (length >>> 8) & 0xff, length & 0xff);
    at += count;
  }
  return Uint8Array.from(bytes);
}

/** @throws FormatError RECORD_MALFORMED */
export function decodeLengths(reader: RecordReader): number[] {
  const pages = reader.u8();
  if (pages === 0 || pages > PAGES_PER_SEGMENT)
    throw reader.malformed(`${pages} pages in an extent`);
  const lengths: number[] = [];
  while (lengths.length < pages) {
    const count = reader.u8();
    const length = reader.u8() * 2 ** 16 + reader.u16();
    if (count === 0 || lengths.length + count > pages) throw reader.malformed("a run is too long");
    if (length === 0 || length > STORED_PAGE_MAX)
      throw reader.malformed(`a page of ${length} bytes`);
    for (let i = 0; i < count; i++) lengths.push(length);
  }
  return lengths;
}

/** @throws FormatError RECORD_MALFORMED, VERSION_UNKNOWN */
export function decodeCatalogChange(bytes: Uint8Array): CatalogChange {
  const end = bytes.length - CHECKSUM_SIZE;
  const reader = new RecordReader("catalog", bytes.subarray(0, Math.max(0, end)));
  const magic = reader.bytes(MAGIC.length);
  const checksum = new RecordReader("catalog", bytes.subarray(end)).u32();
  if (magic.some((byte, i) => byte !== MAGIC[i]) || checksum !== crc32c(bytes, 0, end)) {
    throw reader.malformed("checksum mismatch");
  }
  const version = reader.u8();
  if (version !== VERSION) {
    const message = `the catalog has version ${version}, this program knows ${VERSION}: use a newer dvault`;
    throw new FormatError("VERSION_UNKNOWN", message);
  }
  reader.reserved(3);
  const checkpoint = list(reader, reader.u16(), () => ({
    id: readText(reader) as ObjectId,
    length: reader.u32(),
  }));
  const goneObjects = list(reader, reader.u32(), () => reader.u32());
  const goneExtents = list(reader, reader.u32(), () => reader.u48());
  const objects = list(reader, reader.u32(), () => readObject(reader));
  const extents = list(reader, reader.u32(), () => readExtent(reader));
  reader.end();
  return { checkpoint, goneObjects, goneExtents, objects, extents };
}

/** A counted list; a count that cannot be ends at the first item that is missing. */
function list<T>(reader: RecordReader, count: number, item: () => T): T[] {
  if (count > reader.remaining) throw reader.malformed(`a list of ${count}`);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(item());
  return items;
}

function readObject(reader: RecordReader): CatalogObject {
  const number = reader.u32();
  const length = reader.u32();
  const flags = reader.u8();
  const id = readText(reader) as ObjectId;
  const isOwn = (flags & OF_THIS_RECORD) !== 0;
  if (isOwn !== (id === OWN_ATTACHMENT)) throw reader.malformed("an object without an id");
  const position = (flags & OF_A_RECORD) === 0 ? undefined : readText(reader);
  return { number, id, length, position };
}

function readExtent(reader: RecordReader): PlacedExtent {
  const first = reader.u48();
  const object = reader.u32();
  const offset = reader.u32();
  const flags = reader.u8();
  const lengths = decodeLengths(reader);
  if (!isAddress(first) || !isAddress(first + lengths.length - 1)) {
    throw reader.malformed(`${lengths.length} pages at address ${first}`);
  }
  const dead = (flags & HAS_DEAD) === 0 ? undefined : reader.bytes(DEAD_BITMAP_SIZE);
  return { first, object, offset, lengths, dead };
}
