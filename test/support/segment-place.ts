/**
 * A place for a segment store in memory, with the machines that open it.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { emptyObjects, MemoryObjectStore } from "../../src/stores/objects/memory-object-store.ts";
import type { ObjectLimits, ObjectStore } from "../../src/stores/objects/object-store.ts";
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

  constructor(t: Test) {
    this.#directory = t.testdir();
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
        host: { name: machine, pid: 1 },
        ...options,
      },
      intent,
    );
  }

  /** Loses all a machine knows. */
  forget(machine: string): void {
    for (const suffix of ["", "-wal", "-shm"]) {
      rmSync(this.database(machine) + suffix, { force: true });
    }
  }
}
