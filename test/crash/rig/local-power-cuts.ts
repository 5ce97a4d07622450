/**
 * What a power cut may leave of the local files of a segment store: the log of its database and the file of its pages. SQLite
 * writes them past us, so the files themselves are looked at: whatever differs from how they were when their newest sync
 * began may be there or not, sector by sector.
 *
 * The database itself changes only when SQLite carries the log over, which synchronises both (sqlite.org/wal.html).
 *
 * What a sync that failed should have made durable is lost, though it shows: no later sync tries it again, unless it is
 * written anew.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import {
  DescriptorFile,
  type HostFile,
  type OpenFile,
} from "../../../src/stores/file/host-file.ts";
import type { Faults } from "./faults.ts";

const SECTOR = 512;

/** What a sync is called when it asks. */
export const SYNC = "sync a file";

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
  readonly #faults: Faults;
  readonly #durable = new Map<string, Buffer>();
  /** Sectors that a failed sync left, by number, with what shows there. */
  readonly #lost = new Map<string, Map<number, Buffer>>();
  /** Called at each moment: between any two calls to the files. */
  onMoment: () => void = () => undefined;

  /**
   * @param faults - asked before each sync
   * @param random - numbers from 0 to 1 that decide which sectors are left
   */
  constructor(database: string, faults: Faults, random: () => number) {
    this.#database = database;
    this.#faults = faults;
    this.#random = random;
  }

  /** To be handed to the store. */
  readonly openFile: OpenFile = (path, flags) => {
    const file = DescriptorFile.open(path, flags);
    const suffix = path.slice(this.#database.length);
    // What a closed store left is durable, but for what was lost; SQLite makes its log anew.
    if (suffix === LOG) this.#lost.delete(LOG);
    this.#durable.set(suffix, this.#shown(suffix));
    return this.#watched(file, suffix);
  };

  #watched(file: HostFile, suffix: string): HostFile {
    const syncing = async (): Promise<void> => {
      const content = this.#shown(suffix);
      this.onMoment();
      this.#ask(suffix);
      await file.syncPooled();
      this.#durable.set(suffix, content);
      this.onMoment();
    };
    const sync = (): void => {
      this.#ask(suffix);
      file.sync();
      this.#durable.set(suffix, this.#shown(suffix));
    };
    const write: HostFile["write"] = (pieces, offset) => {
      const written = file.write(pieces, offset);
      for (let at = offset; at < offset + written; at += SECTOR) {
        this.#lost.get(suffix)?.delete(Math.floor(at / SECTOR));
      }
      return written;
    };
    const own: Partial<HostFile> = { syncPooled: syncing, sync, write };
    return new Proxy(file, {
      get: (target, name) => {
        const value = Reflect.get(name in own ? own : target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** Asks whether a sync may be made. */
  #ask(suffix: string): void {
    try {
      this.#faults.ask(SYNC);
    } catch (error) {
      this.#lose(suffix);
      throw error;
    }
  }

  /** What is not durable stays so. */
  #lose(suffix: string): void {
    const now = this.#read(suffix);
    const durable = this.#durable.get(suffix) ?? now;
    const lost = new Map<number, Buffer>();
    for (let at = 0; at < now.length; at += SECTOR) {
      const sector = now.subarray(at, at + SECTOR);
      if (!sector.equals(durable.subarray(at, at + SECTOR))) lost.set(at / SECTOR, sector);
    }
    this.#lost.set(suffix, lost);
  }

  /** What may reach the disk of what shows: all but what was lost and has not changed since. */
  #shown(suffix: string): Buffer {
    const now = this.#read(suffix);
    const durable = this.#durable.get(suffix) ?? Buffer.alloc(0);
    for (const [number, shown] of this.#lost.get(suffix) ?? []) {
      const at = number * SECTOR;
      const sector = now.subarray(at, at + SECTOR);
      if (!sector.equals(shown)) continue;
      sector.fill(0);
      sector.set(durable.subarray(at, at + sector.length));
    }
    return now;
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
    const now = this.#shown(suffix);
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
