/**
 * Where pages were found, in a database that goes away: there may be millions.
 *
 * Copies of a page are welcome. Pages that differ may claim to be the same: somebody put one there that does not open, or a
 * writer that gave up its commits has left one that does.
 *
 * @module
 */
import { PAGE_CLASSES, type PageHeader } from "../../../core/format/page-header.ts";
import { layoutOfVersion, WHOLE } from "../../../core/format/page-layout.ts";
import type { StoredObject } from "../../objects/object-store.ts";
import type { LocalDatabase } from "../local/database.ts";
import type { FoundFrame } from "./find-frames.ts";

/** A page that was found, and the object it stands in. */
export interface FoundPlace extends FoundFrame {
  readonly object: StoredObject;
  /** Whether the catalog says that the page stands there. */
  readonly isNamed: boolean;
}

interface PlaceRow {
  readonly class: number;
  readonly epoch: number;
  readonly address: number;
  readonly generation: number;
  readonly layout: number;
  readonly body: number;
  readonly id: StoredObject["id"];
  readonly size: number;
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
  readonly named: number;
}

const SCHEMA = `
  CREATE TABLE place (
    address INTEGER NOT NULL, id TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL,
    class INTEGER NOT NULL, epoch INTEGER NOT NULL, generation INTEGER NOT NULL, layout INTEGER NOT NULL,
    body INTEGER NOT NULL, length INTEGER NOT NULL, checksum INTEGER NOT NULL, named INTEGER NOT NULL,
    PRIMARY KEY (address, named, id, offset)
  ) WITHOUT ROWID;
`;

export class PlaceTable {
  readonly #database: LocalDatabase;
  readonly #statements: ReturnType<typeof prepareStatements>;

  /** @param database - gets one more table */
  constructor(database: LocalDatabase) {
    this.#database = database;
    database.transaction(() => database.sql.exec(SCHEMA));
    this.#statements = prepareStatements(database);
  }

  /**
   * Takes note of the pages of one object.
   * @param isNamed - whether the catalog says that a page stands there
   */
  add(
    { id, length: size }: StoredObject,
    frames: readonly FoundFrame[],
    isNamed: (frame: FoundFrame) => boolean,
  ): void {
    this.#database.transaction(() => {
      for (const frame of frames) {
        const { header, offset, length, checksum } = frame;
        const row: PlaceRow = {
          class: PAGE_CLASSES.indexOf(header.pageClass),
          epoch: header.epoch,
          address: header.address,
          generation: header.generation,
          layout: header.layout.version,
          body: header.bodyLength,
          named: isNamed(frame) ? 1 : 0,
          ...{ id, size, offset, length, checksum },
        };
        this.#statements.add.run(row);
      }
    });
  }

  /** A place for each of the pages that claim to be one; what the catalog names comes first. */
  find(address: number): readonly FoundPlace[] {
    const rows = this.#statements.find.all(address) as PlaceRow[];
    const different = new Map<number, PlaceRow>();
    for (const row of rows) if (!different.has(row.checksum)) different.set(row.checksum, row);
    return [...different.values()].map(asPlace);
  }

  /** Headers of all pages, each copy once, in the order of their addresses. */
  *headers(): Generator<PageHeader> {
    let last: PlaceRow | undefined;
    for (const row of this.#statements.all.iterate() as IterableIterator<PlaceRow>) {
      const isCopy = last?.address === row.address && last.generation === row.generation;
      last = row;
      if (!isCopy) yield headerOf(row);
    }
  }
}

function headerOf(row: PlaceRow): PageHeader {
  const { epoch, address, generation, body: bodyLength } = row;
  const pageClass = PAGE_CLASSES[row.class] ?? "data";
  const layout = layoutOfVersion(row.layout) ?? WHOLE;
  return { pageClass, layout, epoch, address, generation, bodyLength };
}

function asPlace(row: PlaceRow): FoundPlace {
  const { id, size, offset, length, checksum, named } = row;
  const object = { id, length: size };
  return { header: headerOf(row), object, offset, length, checksum, isNamed: named === 1 };
}

function prepareStatements({ sql }: LocalDatabase) {
  return {
    add: sql.prepare(
      `INSERT OR IGNORE INTO place VALUES
         (@address, @id, @offset, @size, @class, @epoch, @generation, @layout, @body, @length, @checksum, @named)`,
    ),
    find: sql.prepare("SELECT * FROM place WHERE address = ? ORDER BY named DESC, id, offset"),
    all: sql.prepare("SELECT * FROM place ORDER BY address, named DESC, generation"),
  };
}
