/**
 * Which automatic snapshots are made and kept: `hourly:24,daily:7` keeps the newest of each of the last 24 hours that have
 * one, and of the last 7 days. Hours, days, weeks (from Monday), months and years are those of UTC.
 *
 * @module
 */
import { UsageError } from "../../core/base/errors.ts";

const PERIODS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;

/** Length of a span that a snapshot is kept for. */
export type Period = (typeof PERIODS)[number];

/** How many are kept of each period. */
export type Retention = ReadonlyMap<Period, number>;

/** A snapshot that was made by itself. */
export interface KeptSnapshot {
  readonly id: number;
  /** ms since 1970. */
  readonly time: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** 1970-01-01 was a Thursday. */
const MONDAY_OFFSET_MS = 3 * DAY_MS;

/** @throws UsageError USAGE */
export function parseRetention(text: string): Retention {
  const rules = new Map<Period, number>();
  for (const word of text.split(",")) {
    const [name, count = ""] = word.split(":");
    const period = PERIODS.find((known) => known === name);
    if (period === undefined || !/^[1-9][0-9]{0,3}$/.test(count) || rules.has(period)) {
      const advice = `give each of ${PERIODS.join(", ")} once, such as hourly:24,daily:7`;
      throw new UsageError("USAGE", `--keep ${text}: ${advice}`);
    }
    rules.set(period, Number(count));
  }
  return rules;
}

/** As {@link parseRetention} reads it. */
export function retentionText(retention: Retention): string {
  return Array.from(retention, ([period, count]) => `${period}:${count}`).join(",");
}

/** The shortest period there is a rule for: how often snapshots are made. */
function shortestOf(retention: Retention): Period {
  return PERIODS.find((period) => retention.has(period)) ?? "daily";
}

/** Begin of the period a time lies in, ms since 1970. */
function beginOf(period: Period, time: number): number {
  const date = new Date(time);
  switch (period) {
    case "hourly":
      return Math.floor(time / HOUR_MS) * HOUR_MS;
    case "daily":
      return Math.floor(time / DAY_MS) * DAY_MS;
    case "weekly":
      return Math.floor((time + MONDAY_OFFSET_MS) / (7 * DAY_MS)) * 7 * DAY_MS - MONDAY_OFFSET_MS;
    case "monthly":
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    case "yearly":
      return Date.UTC(date.getUTCFullYear(), 0);
  }
}

/** Whether a snapshot is due: none was made in the shortest period that runs now. */
export function isDue(retention: Retention, made: readonly KeptSnapshot[], now: number): boolean {
  const begin = beginOf(shortestOf(retention), now);
  return made.every(({ time }) => time < begin);
}

/** Ids of snapshots that no rule keeps. */
export function expired(retention: Retention, made: readonly KeptSnapshot[]): ReadonlySet<number> {
  const newestFirst = [...made].sort((a, b) => b.time - a.time || b.id - a.id);
  const kept = new Set<number>();
  for (const [period, count] of retention) {
    const begins = new Set<number>();
    for (const { id, time } of newestFirst) {
      const begin = beginOf(period, time);
      if (begins.has(begin)) continue;
      if (begins.size === count) break;
      begins.add(begin);
      kept.add(id);
    }
  }
  return new Set(made.map(({ id }) => id).filter((id) => !kept.has(id)));
}
