/**
 * Checkpoints of the catalog: all its rows in as many objects as they need, so that the changes that ride with each
 * commit stay small.
 *
 * @module
 */
import { encodeCatalogChange, encodeLengths, type PlacedExtent } from "../format/catalog-change.ts";
import type { CatalogObject } from "../format/catalog-object.ts";
import { DEAD_BITMAP_SIZE } from "../format/extent.ts";
import type { CatalogTable } from "../local/catalog-table.ts";

/** Changes of this size, bytes, are worth a checkpoint. */
export const CHECKPOINT_BYTES: number = 192 * 1024;

/** Rows read at once. */
const ROWS = 500;

/** Bytes of a part beside its rows. */
const FIXED_BYTES = 64;

/** Bytes of a row beside its id, position or lengths. */
const OBJECT_BYTES = 11;
const EXTENT_BYTES = 15 + DEAD_BITMAP_SIZE;

/** A row and the most bytes it takes. */
type Row =
  | { readonly kind: "object"; readonly object: CatalogObject; readonly bytes: number }
  | { readonly kind: "extent"; readonly extent: PlacedExtent; readonly bytes: number };

/** All rows of a catalog as parts of at most `limit` bytes. The catalog must not change meanwhile. */
export function* checkpointParts(catalog: CatalogTable, limit: number): Generator<Uint8Array> {
  let rows: Row[] = [];
  let bytes = FIXED_BYTES;
  for (const row of rowsOf(catalog)) {
    if (bytes + row.bytes > limit && rows.length > 0) {
      yield encodePart(rows);
      rows = [];
      bytes = FIXED_BYTES;
    }
    rows.push(row);
    bytes += row.bytes;
  }
  yield encodePart(rows);
}

function* rowsOf(catalog: CatalogTable): Generator<Row> {
  for (let next = 0, more = true; more; ) {
    const objects = catalog.objectsFrom(next, ROWS);
    for (const object of objects) {
      const bytes = OBJECT_BYTES + object.id.length + (object.position?.length ?? 0);
      yield { kind: "object", object, bytes };
      next = object.number + 1;
    }
    more = objects.length > 0;
  }
  for (let next = 0, more = true; more; ) {
    const extents = catalog.extentsFrom(next, ROWS);
    for (const extent of extents) {
      const bytes = EXTENT_BYTES + encodeLengths(extent.lengths).length;
      yield { kind: "extent", extent, bytes };
      next = extent.first + 1;
    }
    more = extents.length > 0;
  }
}

function encodePart(rows: readonly Row[]): Uint8Array {
  return encodeCatalogChange({
    checkpoint: [],
    goneObjects: [],
    goneExtents: [],
    objects: rows.flatMap((row) => (row.kind === "object" ? [row.object] : [])),
    extents: rows.flatMap((row) => (row.kind === "extent" ? [row.extent] : [])),
  });
}
