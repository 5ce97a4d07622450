/**
 * What a power cut may leave of the local files of a segment store: the log of its database and the file of its pages. SQLite
 * writes them past us, so the files themselves are looked at: whatever differs from how they were when their newest sync
 * began may be there or not, sector by sector.
 *
 * The database itself changes only when SQLite carries the log over, which synchronises both (sqlite.org/wal.html).
 *
 * @module
 */
import { readFileSync } from "node:fs";
import {
  DescriptorFile,
  type HostFile,
  type OpenFile,
} from "../../../src/stores/file/host-file.ts";

const SECTOR = 512;

/** Behind the name of the database. */
const LOG = "-wal";
const SUFFIXES = ["", LOG, "-pages"] as const;

/** Contents by what stands behind the name of the database. */
export type LocalFiles = ReadonlyMap<string, Buffer>;

/** How much of what was not synchronised is left. */
export type Survival = "none" | "some" | "all";

/** See the head of this file. */
export class LocalPowerCuts {
  readonly #database: string;
  readonly #random: () => number;
  readonly #durable = new Map<string, Buffer>();
  /** Called at each moment: between any two calls to the files. */
  onMoment: () => void = () => undefined;

  /** @param random - numbers from 0 to 1 that decide which sectors are left */
  constructor(database: string, random: () => number) {
    this.#database = database;
    this.#random = random;
  }

  /** To be handed to the store. */
  readonly openFile: OpenFile = (path, flags) => {
    const file = DescriptorFile.open(path, flags);
    const suffix = path.slice(this.#database.length);
    // What a closed store left is durable.
    this.#durable.set(suffix, this.#read(suffix));
    return this.#watched(file, suffix);
  };

  #watched(file: HostFile, suffix: string): HostFile {
    const syncing = async (): Promise<void> => {
      const content = this.#read(suffix);
      this.onMoment();
      await file.syncPooled();
      this.#durable.set(suffix, content);
      this.onMoment();
    };
    return new Proxy(file, {
      get: (target, name) => {
        if (name === "syncPooled") return syncing;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #read(suffix: string): Buffer {
    try {
      return readFileSync(this.#database + suffix);
    } catch (error) {
      if ((error as { readonly code?: string }).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    }
  }

  /** What is left when the power goes now. */
  cut(survival: Survival): LocalFiles {
    const database = this.#read("");
    if (!database.equals(this.#durable.get("") ?? Buffer.alloc(0))) {
      this.#durable.set("", database);
      this.#durable.set(LOG, this.#read(LOG));
    }
    return new Map(SUFFIXES.map((suffix) => [suffix, this.#left(suffix, survival)]));
  }

  #left(suffix: string, survival: Survival): Buffer {
    const now = this.#read(suffix);
    const durable = this.#durable.get(suffix) ?? now;
    if (survival === "all") return now;
    if (survival === "none") return durable;
    const left = Buffer.alloc(Math.max(now.length, durable.length));
    left.set(durable);
    for (let at = 0; at < now.length; at += SECTOR) {
      if (this.#random() < 0.5) left.set(now.subarray(at, at + SECTOR), at);
    }
    return left;
  }
}
