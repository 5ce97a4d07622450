/**
 * One kind of record in memory, written through to where it is kept.
 *
 * @module
 */
import { compareSnowflakes } from "../base/snowflake.ts";
import type { RecordKind, Records } from "../storage/records.ts";

/** Records by id, in the order of their ids. Records are values: a change puts a new one. */
export class Table<T extends { readonly id: string }> {
  readonly #kind: RecordKind;
  readonly #records: Records;
  readonly #rows = new Map<string, T>();

  constructor(kind: RecordKind, records: Records) {
    this.#kind = kind;
    this.#records = records;
    const kept = [...records.load(kind)] as T[];
    kept.sort((a, b) => compareSnowflakes(a.id, b.id));
    for (const row of kept) this.#rows.set(row.id, row);
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  values(): T[] {
    return [...this.#rows.values()];
  }

  where(isWanted: (row: T) => boolean): T[] {
    return this.values().filter(isWanted);
  }

  /** Adds a record, or replaces the one of the same id. */
  put(row: T): T {
    this.#rows.set(row.id, row);
    this.#records.save(this.#kind, row.id, row);
    return row;
  }

  /** @returns whether it was there */
  delete(id: string): boolean {
    if (!this.#rows.delete(id)) return false;
    this.#records.remove(this.#kind, id);
    return true;
  }
}
