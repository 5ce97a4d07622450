/**
 * What a segment store is made with.
 *
 * @module
 */
import type { Random } from "../../core/base/platform.ts";
import { DescriptorFile, type OpenFile } from "../file/host-file.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Timing } from "../timing.ts";

/** The process that has a store open. */
export interface SegmentHost {
  readonly name: string;
  readonly pid: number;
  /** Names the machine (`this-machine.ts`); found out when it is left out. */
  readonly machine?: string;
}

/** See the head of this file. Sizes are bytes. */
export interface SegmentStoreOptions {
  readonly objects: ObjectStore;
  /** File of the local database; empty for one that lives as long as the store is open. */
  readonly database: string;
  /** Opens the files beside the database; the system's own, unless told. */
  readonly openFile?: OpenFile;
  readonly timing: Timing;
  readonly random: Random;
  /** Who we are: for others to read, and to tell whether we still run. */
  readonly host: SegmentHost;
  readonly readOnly?: boolean;
  /** Published pages kept locally. */
  readonly cacheBytes?: number;
  /** Unpublished pages beyond which writers are refused. */
  readonly budgetBytes?: number;
  /** Unpublished pages at which publication begins. */
  readonly publishBytes?: number;
  /** Longest time a local commit waits for its publication, ms. */
  readonly publishMs?: number;
  /** How long the lease holds without a sign of life, ms. */
  readonly leaseMs?: number;
  /** Whether published pages are taken from this machine where they are kept: not when the store itself is checked. */
  readonly readsCache?: boolean;
  /** Bytes fetched ahead of a sequential reader. */
  readonly readAheadBytes?: number;
  /** Takes the lease whoever holds it. */
  readonly takeOver?: boolean;
  /** What becomes of local commits that were never published when another writer has gone on meanwhile. */
  readonly onConflict?: "refuse" | "discard";
  /** What to do when the log has gone back behind what the local database has seen. */
  readonly onRollback?: "refuse" | "accept";
  /** What to do when the newest commit cannot be read: refuse, or go on from an older one; readers go on unless told. */
  readonly onDamage?: "refuse" | "older";
}

/** Options with nothing left out. */
export type SegmentSettings = Required<SegmentStoreOptions>;

const MIB = 2 ** 20;

/** Fills in what was left out. */
export function withDefaults(options: SegmentStoreOptions): SegmentSettings {
  return {
    readOnly: false,
    openFile: DescriptorFile.open,
    cacheBytes: 1024 * MIB,
    budgetBytes: 4096 * MIB,
    publishBytes: 8 * MIB,
    publishMs: 30_000,
    leaseMs: 600_000,
    readsCache: true,
    readAheadBytes: 12 * MIB,
    takeOver: false,
    onConflict: "refuse",
    onRollback: "refuse",
    onDamage: options.readOnly === true ? "older" : "refuse",
    ...options,
  };
}
