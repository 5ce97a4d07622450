/**
 * The local database and its tables, as the parts of a segment store share them.
 *
 * @module
 */

import { WRITER_SIZE } from "../format/claim.ts";
import type { SegmentSettings } from "../segment-options.ts";
import { CatalogTable } from "./catalog-table.ts";
import { LocalDatabase } from "./database.ts";
import { DeathTable } from "./death-table.ts";
import { PageTable } from "./page-table.ts";
import { StateTable } from "./state-table.ts";

/** See the head of this file. */
export interface LocalParts {
  readonly database: LocalDatabase;
  readonly state: StateTable;
  readonly pages: PageTable;
  readonly catalog: CatalogTable;
  readonly deaths: DeathTable;
}

/**
 * Opens the database with its tables.
 * @throws StoreError STORE_BUSY, STORE_FAILED
 */
export function openLocal(settings: SegmentSettings): LocalParts {
  const database = LocalDatabase.open(settings.database);
  try {
    const state = new StateTable(database, () => randomHex(settings));
    const pages = new PageTable(database, settings.cacheBytes, state.now.sequence);
    database.onRollback(() => pages.count(state.now.sequence));
    const catalog = new CatalogTable(database);
    return { database, state, pages, catalog, deaths: new DeathTable(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function randomHex({ random }: SegmentSettings): string {
  const bytes = new Uint8Array(WRITER_SIZE);
  random.fill(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
