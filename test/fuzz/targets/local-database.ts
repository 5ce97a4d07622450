/** Target: rows of the local database of a segment store, with values of any type, read and changed by its tables. */
import type SqliteDatabase from "better-sqlite3";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { encodeLengths } from "../../../src/stores/segments/format/catalog-change.ts";
import { CatalogTable } from "../../../src/stores/segments/local/catalog-table.ts";
import { LocalDatabase } from "../../../src/stores/segments/local/database.ts";
import { DeathTable } from "../../../src/stores/segments/local/death-table.ts";
import { PageTable } from "../../../src/stores/segments/local/page-table.ts";
import { Slab } from "../../../src/stores/segments/local/slab.ts";
import { StateTable } from "../../../src/stores/segments/local/state-table.ts";
import type { FuzzTarget } from "../engine/target.ts";
import { accepted, expect, expectSafe } from "../expect.ts";
import { Input } from "../input.ts";
import { MemoryFile } from "./memory-file.ts";

/** Tables, and how many columns each has. */
const TABLES = {
  state: 9,
  header: 3,
  fresh: 4,
  cached: 4,
  death: 2,
  object: 6,
  extent: 6,
  gone: 3,
  checkpoint_part: 3,
  doomed: 2,
} as const;
type Table = keyof typeof TABLES;
const NAMES = Object.keys(TABLES) as Table[];
const ROWS_MAX = 24;
const CODES = ["STORE_FAILED"] as const;

/** Bytes of the slab: three slots, the last one not whole. */
const SLAB_SIZE = 150_000;

const file = new MemoryFile(new Uint8Array(SLAB_SIZE));

type Value = null | number | bigint | string | Uint8Array;

/** Values by their first byte: nothing, numbers of several sizes, a text, bytes. */
const VALUES: readonly ((input: Input) => Value)[] = [
  () => null,
  (input) => BigInt(input.u8()),
  (input) => BigInt(input.u16()),
  (input) => BigInt(input.u16()) * 2n ** 32n + BigInt(input.u16()),
  (input) => -BigInt(input.u8()),
  (input) => 2n ** 63n - 1n - BigInt(input.u8()),
  (input) => input.u8() + 0.5,
  (input) => Buffer.from(input.shortPart()).toString(),
  (input) => input.shortPart(),
];

/** Input: rows: the table, then its values. */
export const localDatabaseTarget: FuzzTarget = {
  name: "local-database",
  files: ["catalog-table", "page-table", "state-table", "death-table", "slab"].map(
    (name) => `src/stores/segments/local/${name}.ts`,
  ),
  shortRun: 60,
  seeds: () => [
    rows(["fresh", 130, 2, 0, 80], ["cached", 131, 5, 1, 90], ["cached", 140, 6, 2, 9]),
    rows(
      ["state", 1, "ab", 2, 1, 3, "12", 4, 2, "boot"],
      ["header", 0, utf8("DVAULT"), 2],
      ["header", 1, utf8("DVAULT"), 1],
    ),
    rows(
      ["object", 1, "id", 100, null, 80, 1],
      ["object", 2, "other", 200, "7", 80, 3],
      ["extent", 128, 1, 0, encodeLengths([60, 60, 70]), null, 1],
      ["extent", 0, 2, 9, encodeLengths([90]), new Uint8Array(16), 3],
    ),
    rows(["gone", "object", 7, 2], ["gone", "extent", 130, 2], ["death", 129, 1]),
    rows(["checkpoint_part", 0, "part", 50], ["doomed", "id", null], ["doomed", "x", "12"]),
  ],
  maxLength: 512,
  bytesPerByte: 8192,
  async run(bytes) {
    const database = LocalDatabase.open("");
    try {
      put(database.sql, new Input(bytes));
      accepted(CODES, () => use(database));
    } finally {
      await database.close();
    }
  },
};

/** Rows that the database itself refuses are left out. */
function put(sql: SqliteDatabase.Database, input: Input): void {
  for (let n = 0; !input.isAtEnd && n < ROWS_MAX; n++) {
    const table = NAMES[input.u8() % NAMES.length] ?? "state";
    const values = Array.from({ length: TABLES[table] }, () =>
      VALUES[input.u8() % VALUES.length]?.(input),
    );
    const places = values.map(() => "?").join();
    try {
      sql.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${places})`).run(...values);
    } catch (error) {
      if (!String((error as { code?: unknown }).code).startsWith("SQLITE_")) throw error;
    }
  }
}

function use(database: LocalDatabase): void {
  file.restore();
  const slab = Slab.open("/pages", () => file);
  const state = new StateTable(database, () => "new");
  const { sequence, version } = state.now;
  const pages = new PageTable({ database, slab, budgetBytes: 100 }, sequence);
  const tables = { database, state, pages, catalog: new CatalogTable(database) };
  for (const look of [lookAtState, lookAtPages, lookAtCatalog]) accepted(CODES, () => look(tables));
  expectSafe({ taken: slab.take() });
  accepted(CODES, () => change(tables, new DeathTable(database)));
  accepted(CODES, () => {
    database.transaction(() => {
      state.change({ version: version + 1 });
      pages.clear();
      tables.catalog.clear();
    });
    pages.close();
  });
  expect(pages.cachedBytes === 0 && pages.end === 0, "nothing is left");
}

interface Tables {
  readonly database: LocalDatabase;
  readonly state: StateTable;
  readonly pages: PageTable;
  readonly catalog: CatalogTable;
}

function lookAtState({ state }: Tables): void {
  state.headers();
  state.newestHeader();
  for (const { id, length } of state.checkpointParts()) {
    expectSafe({ length });
    expect(typeof id === "string", "an object has a name");
  }
}

function lookAtPages({ state, pages }: Tables): void {
  const { committed, open } = pages.freshBytes;
  expectSafe({ committed, open, cached: pages.cachedBytes, end: pages.end });
  for (const { address, length } of pages.freshPages(-1, state.now.sequence)) {
    expectSafe({ address, length });
    expect(pages.has(address), "a page is there");
  }
  for (const address of [130, 131, 140]) accepted(CODES, () => pages.get(address));
}

function lookAtCatalog({ catalog }: Tables): void {
  accepted(CODES, () => expectSafe({ end: catalog.end }));
  for (const address of [128, 129, 0]) accepted(CODES, () => catalog.find(address));
  accepted(CODES, () => catalog.sums());
  accepted(CODES, () => catalog.sparse(0.5));
  accepted(CODES, () => catalog.doomed());
  accepted(CODES, () => catalog.objectsFrom(0, 9));
  accepted(CODES, () => catalog.extentsFrom(0, 9));
  const changes = accepted(CODES, () => catalog.changesAfter(0));
  for (const number of changes?.goneObjects ?? []) expectSafe({ number });
  accepted(CODES, () => expectSafe({ next: catalog.nextNumber() }));
}

/** What a publication and a cleaning do. */
function change({ database, state, pages, catalog }: Tables, deaths: DeathTable): void {
  const { sequence, version } = state.now;
  database.transaction(() => {
    for (const address of deaths.takeUpTo(sequence)) catalog.kill(address, version);
    pages.published([...pages.freshPages(-1, sequence)]);
    pages.evict();
    catalog.forgetGone(version);
    const extent = { first: 128, offset: 0, lengths: [90], dead: undefined };
    catalog.place({ number: 1, id: "id" as never, length: 90, position: undefined }, [extent], 9);
  });
}

/** Rows as {@link put} reads them. */
function rows(
  ...all: readonly (readonly [Table, ...(number | string | Uint8Array | null)[]])[]
): Uint8Array {
  return Uint8Array.from(
    all.flatMap(([table, ...values]) => [NAMES.indexOf(table), ...values.flatMap(valueBytes)]),
  );
}

function valueBytes(value: number | string | Uint8Array | null): number[] {
  if (value === null) return [0];
  if (typeof value === "number") return [1, value];
  if (typeof value === "string") return [7, value.length, ...utf8(value)];
  return [8, value.length, ...value];
}
