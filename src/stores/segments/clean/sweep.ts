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

/**
 * Positions of records that can go: leases without effect, commits without live pages. Leases come first: a claim that
 * was refused must not outlive the commit for which it was.
 */
export function findIdleRecords(work: Sweeping, records: readonly LogRecord[]): string[] {
  const view = viewLog(records);
  const kept = keptPositions(work, view);
  const uncounted = new Set(view.idleCommits);
  const commits = records.filter(({ kind, position, timeMs }) => {
    const isNeeded = kept.has(position) || work.local.catalog.knowsRecord(position);
    const isOld = !uncounted.has(position) || view.timeMs - timeMs >= work.orphanMs;
    return kind === "commit" && !isNeeded && isOld;
  });
  return [...view.idleLeases, ...commits.map(({ position }) => position)];
}

/** Positions of the newest commits. */
export function keptPositions(work: Sweeping, view: LogView): ReadonlySet<string> {
  return new Set(view.commits.slice(0, work.keepCommits).map(({ record }) => record.position));
}
