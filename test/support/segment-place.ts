/**
 * A place for a segment store in memory, with the machines that open it.
 *
 * @module
 */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { emptyObjects, MemoryObjectStore } from "../../src/stores/objects/memory-object-store.ts";
import type { ObjectLimits, ObjectStore } from "../../src/stores/objects/object-store.ts";
import { removeLocal } from "../../src/stores/segments/local/local-parts.ts";
import {
  type OpeningIntent,
  openSegmentStore,
} from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStoreOptions } from "../../src/stores/segments/segment-options.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import { FaultObjectStore } from "./fault-object-store.ts";
import { ManualTiming } from "./manual-timing.ts";

/** See the head of this file. */
export class SegmentPlace {
  readonly contents = emptyObjects();
  readonly timing = new ManualTiming();
  limits: Partial<ObjectLimits> = {};
  readonly #directory: string;

  /** @param directory - for local databases; made when it is not there */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  /** The objects as another client of theirs. */
  objects(): FaultObjectStore {
    const store = new MemoryObjectStore({
      contents: this.contents,
      limits: this.limits,
      wall: () => this.timing.wall(),
    });
    return new FaultObjectStore(store);
  }

  /** File of a machine's local database. */
  database(machine: string): string {
    return join(this.#directory, `${machine}.db`);
  }

  /** Opens the store on a machine. */
  open(
    machine: string,
    options: Partial<SegmentStoreOptions> & { readonly objects?: ObjectStore } = {},
    intent: OpeningIntent = "open",
  ): Promise<SegmentStore> {
    return openSegmentStore(
      {
        objects: this.objects(),
        database: this.database(machine),
        timing: this.timing,
        random: nodePlatform.random,
        // The part before a dot is the machine, what follows tells copies of its database apart.
        host: { name: machine.split(".", 1)[0] ?? machine, pid: 1 },
        ...options,
      },
      intent,
    );
  }

  /** Machine `copy` becomes what `machine` would be had its process been killed now. */
  kill(machine: string, copy: string): void {
    this.forget(copy);
    for (const suffix of ["", "-wal", "-pages"]) {
      const file = this.database(machine) + suffix;
      if (existsSync(file)) copyFileSync(file, this.database(copy) + suffix);
    }
  }

  /** Loses all a machine knows. */
  forget(machine: string): void {
    removeLocal(this.database(machine));
  }
}
