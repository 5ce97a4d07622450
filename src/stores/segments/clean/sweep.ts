/**
 * Finds what nothing refers to: objects left behind by calls that were interrupted, and records nobody needs.
 *
 * @module
 */
import type { LogRecord, ObjectId, ObjectStore } from "../../objects/object-store.ts";
import { type LogView, viewLog } from "../format/log-view.ts";
import type { LocalParts } from "../local/local-parts.ts";
import { callOptions } from "../publish/lease.ts";

/** Records one request gives. */
const WINDOW = 100;

/** What a sweep stands on. */
export interface Sweeping {
  readonly objects: ObjectStore;
  readonly local: LocalParts;
  /** Age from which on something without a reference is nobody's, ms. */
  readonly orphanMs: number;
  /** Newest commits that are kept in any case. */
  readonly keepCommits: number;
  readonly signal?: AbortSignal | undefined;
}

/** Objects without a reference that are old enough. @param nowMs - server time */
export async function findOrphans(work: Sweeping, nowMs: number): Promise<ObjectId[]> {
  const orphans: ObjectId[] = [];
  for await (const { id, timeMs } of work.objects.list(callOptions(work.signal))) {
    if (nowMs - timeMs >= work.orphanMs && !work.local.catalog.knows(id)) orphans.push(id);
  }
  return orphans;
}

/** The whole log, newest first. */
export async function readWholeLog({ objects, signal }: Sweeping): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (;;) {
    const older = await objects.records(WINDOW, records.at(-1)?.position, callOptions(signal));
    records.push(...older);
    if (older.length < WINDOW) return records;
  }
}

/** Positions of records that can go: commits without live pages and leases, both outdated. */
export function findIdleRecords(work: Sweeping, records: readonly LogRecord[]): string[] {
  const view = viewLog(records);
  const kept = keptPositions(work, view);
  const idle = new Set(view.idle);
  return records
    .filter(({ kind, position, timeMs }) => {
      if (kept.has(position) || work.local.catalog.knowsRecord(position)) return false;
      if (kind === "lease") return idle.has(position);
      return !idle.has(position) || view.timeMs - timeMs >= work.orphanMs;
    })
    .map(({ position }) => position);
}

/** Positions of the newest commits. */
export function keptPositions(work: Sweeping, view: LogView): ReadonlySet<string> {
  return new Set(view.commits.slice(0, work.keepCommits).map(({ record }) => record.position));
}
