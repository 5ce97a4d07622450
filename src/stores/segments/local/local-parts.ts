/**
 * The local database and its tables, as the parts of a segment store share them.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WRITER_SIZE } from "../format/claim.ts";
import type { SegmentSettings } from "../segment-options.ts";
import { bootId } from "../this-machine.ts";
import { CatalogTable } from "./catalog-table.ts";
import { LocalDatabase } from "./database.ts";
import { DeathTable } from "./death-table.ts";
import { PageTable } from "./page-table.ts";
import { Slab } from "./slab.ts";
import { StateTable } from "./state-table.ts";

/** See the head of this file. */
export interface LocalParts {
  readonly database: LocalDatabase;
  readonly slab: Slab;
  readonly state: StateTable;
  readonly pages: PageTable;
  readonly catalog: CatalogTable;
  readonly deaths: DeathTable;
}

/** What the files of a database are called, behind its own name: itself, SQLite's, and the slab. */
const PAGES_SUFFIX = "-pages";
const SUFFIXES = ["", "-wal", "-shm", PAGES_SUFFIX] as const;

/**
 * Opens the database with its tables.
 * @throws StoreError STORE_BUSY, STORE_FAILED
 */
export async function openLocal(settings: SegmentSettings): Promise<LocalParts> {
  const database = LocalDatabase.open(settings.database, settings.openFile);
  let slab: Slab | undefined;
  try {
    slab = openSlab(settings);
    const state = new StateTable(database, () => randomHex(settings));
    const { sequence } = state.now;
    const pages = new PageTable({ database, slab, budgetBytes: settings.cacheBytes }, sequence);
    database.onEnd((end) => {
      if (end === "rollback") pages.count(state.now.sequence);
    });
    const catalog = new CatalogTable(database);
    const parts = { database, slab, state, pages, catalog, deaths: new DeathTable(database) };
    startUse(parts);
    return parts;
  } catch (error) {
    await slab?.close();
    await database.close();
    throw error;
  }
}

function openSlab({ database, openFile }: SegmentSettings): Slab {
  if (database !== "") return Slab.open(database + PAGES_SUFFIX, openFile);
  return Slab.temporary(join(tmpdir(), `dvault-${randomUUID()}`), openFile);
}

/** Forgets cached pages after a power loss: their rows may have reached the disk before their bytes. */
function startUse({ database, state, pages }: LocalParts): void {
  // Where nobody tells, any time it was not closed properly counts as a power loss.
  const boot = bootId() ?? randomUUID();
  database.transaction(() => {
    if (state.now.boot !== "" && state.now.boot !== boot) pages.forgetCached();
    state.change({ boot });
  });
}

/** Writes down what is only remembered, and closes what `openLocal` opened. @throws StoreError STORE_FULL, STORE_FAILED */
export async function closeLocal({ database, slab, state, pages }: LocalParts): Promise<void> {
  try {
    await slab.sync();
    pages.close();
    database.transaction(() => state.change({ boot: "" }));
    await database.sync();
  } finally {
    await database.close();
    await slab.close();
  }
}

/** Removes the files of a database that nobody has open. */
export function removeLocal(database: string): void {
  for (const suffix of SUFFIXES) rmSync(database + suffix, { force: true });
}

function randomHex({ random }: SegmentSettings): string {
  const bytes = new Uint8Array(WRITER_SIZE);
  random.fill(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
