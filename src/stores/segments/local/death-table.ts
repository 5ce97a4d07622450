/**
 * Pages that died, until a publication says so: another machine must not clean a page away that the newest published
 * header still needs, so a death waits for a header that was made after it.
 *
 * @module
 */
import type { LocalDatabase } from "./database.ts";

export class DeathTable {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: LocalDatabase) {
    this.#statements = prepareStatements(database);
  }

  /** @param sequence - the local commit from which on no header needs the page. Call within a transaction. */
  add(address: number, sequence: number): void {
    this.#statements.add.run(address, sequence);
  }

  /** Takes out the deaths that a header of local commit `sequence` may tell. Call within a transaction. */
  takeUpTo(sequence: number): readonly number[] {
    const addresses = this.#statements.upTo.all(sequence) as number[];
    this.#statements.remove.run(sequence);
    return addresses;
  }

  /** Forgets a death that nobody needs to be told of. Call within a transaction. */
  remove(address: number): void {
    this.#statements.removeOne.run(address);
  }

  /** Call within a transaction. */
  clear(): void {
    this.#statements.remove.run(Number.MAX_SAFE_INTEGER);
  }
}

function prepareStatements({ sql }: LocalDatabase) {
  return {
    add: sql.prepare("INSERT OR IGNORE INTO death VALUES (?, ?)"),
    upTo: sql.prepare("SELECT address FROM death WHERE sequence <= ? ORDER BY address").pluck(),
    remove: sql.prepare("DELETE FROM death WHERE sequence <= ?"),
    removeOne: sql.prepare("DELETE FROM death WHERE address = ?"),
  };
}
