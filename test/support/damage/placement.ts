/**
 * Where the newest commit of a store of objects says that everything is.
 *
 * @module
 */
import type { ObjectStore } from "../../../src/stores/objects/object-store.ts";
import {
  type CatalogChange,
  decodeCatalogChange,
  OWN_ATTACHMENT,
} from "../../../src/stores/segments/format/catalog-change.ts";
import { frameAt } from "../../../src/stores/segments/format/extent.ts";
import { viewLog } from "../../../src/stores/segments/format/log-view.ts";
import type { ImageSpan, PageSpan } from "./image.ts";

/** What parts of an image are called. */
export interface PartNames {
  /** @param id - of an object */
  readonly partOf: (id: string) => string;
  readonly partOfRecord: (position: string) => string;
}

export class Placement {
  /** The newest record, its change of the catalog, and the checkpoint. */
  readonly structure: readonly ImageSpan[];
  /** Where each page begins, by its address. */
  readonly #places: ReadonlyMap<number, string>;

  private constructor(structure: readonly ImageSpan[], places: ReadonlyMap<number, string>) {
    this.structure = structure;
    this.#places = places;
  }

  /**
   * Reads the catalog of a whole store.
   * @param objects - closed in the end
   */
  static async read(objects: ObjectStore, names: PartNames): Promise<Placement> {
    const { partOf, partOfRecord } = names;
    const [newest] = viewLog(await objects.records(100)).commits;
    if (newest === undefined) throw new Error("there is no commit");
    const { record, commit } = newest;
    const { attachment, offset, length } = commit.change;
    const own = record.attachments[attachment];
    if (own === undefined) throw new Error("the newest commit has no attachment");
    const structure: ImageSpan[] = [
      { part: partOfRecord(record.position), start: 0, end: record.body.length },
      { part: partOf(own.id), start: offset, end: offset + length },
    ];
    const change = decodeCatalogChange(await objects.get(own.id, { offset, length }));
    const changes: CatalogChange[] = [];
    for (const { id, length: end } of change.checkpoint) {
      structure.push({ part: partOf(id), start: 0, end });
      changes.push(decodeCatalogChange(await objects.get(id, { offset: 0, length: end })));
    }
    await objects.close();
    const idOf = (id: string): string => partOf(id === OWN_ATTACHMENT ? own.id : id);
    return new Placement(structure, placesOf([...changes, change], idOf));
  }

  /** Whether the catalog has a page here. */
  names({ part, start, address }: PageSpan): boolean {
    return this.#places.get(address) === `${part} ${start}`;
  }
}

function placesOf(
  changes: readonly CatalogChange[],
  partOf: (id: string) => string,
): ReadonlyMap<number, string> {
  const objects = new Map<number, string>();
  const places = new Map<number, string>();
  for (const change of changes) {
    for (const { number, id } of change.objects) objects.set(number, partOf(id));
    for (const extent of change.extents) {
      for (let n = 0; n < extent.lengths.length; n++) {
        const { offset } = frameAt(extent, n);
        places.set(extent.first + n, `${objects.get(extent.object)} ${offset}`);
      }
    }
  }
  return places;
}
