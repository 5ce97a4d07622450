/**
 * Records as files, `<directory>/<kind>/<id>.json`, written whole or not at all.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordKind, Records } from "./records.ts";

const SUFFIX = ".json";

/** Records that survive the emulator. */
export class DirectoryRecords implements Records {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  load(kind: RecordKind): readonly unknown[] {
    const folder = join(this.#directory, kind);
    mkdirSync(folder, { recursive: true });
    return readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name): unknown => JSON.parse(readFileSync(join(folder, name), "utf8")));
  }

  save(kind: RecordKind, id: string, value: unknown): void {
    const file = this.#file(kind, id);
    writeFileSync(`${file}.new`, JSON.stringify(value));
    renameSync(`${file}.new`, file);
  }

  remove(kind: RecordKind, id: string): void {
    rmSync(this.#file(kind, id), { force: true });
  }

  #file(kind: RecordKind, id: string): string {
    return join(this.#directory, kind, id + SUFFIX);
  }
}
