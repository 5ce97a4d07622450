/**
 * Figures of several rounds as medians, ratios and a table.
 *
 * @module
 */
import type { Figures } from "./round.ts";
import type { Workload } from "./workloads.ts";

/** A row of the table. */
export type RowName = Pick<Workload, "name" | "unit" | "better">;

/** Rows that every round has. */
const ROUND_ROWS: readonly RowName[] = [
  { name: "mount", unit: "s", better: "low" },
  { name: "memory", unit: "MiB, peak", better: "low" },
  { name: "cpu", unit: "s", better: "low" },
];

/** One row: the median of each peer, and how many times better the first peer is than each other. */
export interface Row extends RowName {
  readonly medians: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
}

/** Sums up rounds; the first peer is compared with the others. */
export function summarize(
  rounds: readonly Figures[],
  workloads: readonly RowName[],
): readonly Row[] {
  const names = [...new Set(rounds.map(({ peer }) => peer))];
  return [...workloads, ...ROUND_ROWS].map((row) => {
    const medians = Object.fromEntries(
      names.map((peer) => {
        const own = rounds.filter((round) => round.peer === peer);
        return [peer, median(own.map(({ values }) => values[row.name] ?? Number.NaN))];
      }),
    );
    const first = medians[names[0] ?? ""] ?? Number.NaN;
    const ratio = (other: number): number =>
      row.better === "high" ? first / other : other / first;
    const ratios = names.slice(1).map((peer) => [peer, ratio(medians[peer] ?? Number.NaN)]);
    return { ...row, medians, ratios: Object.fromEntries(ratios) };
  });
}

/** Rows as Markdown: medians, and behind those of other peers how many times better the first one is. */
export function tableOf(rows: readonly Row[]): string {
  const peers = Object.keys(rows[0]?.medians ?? {});
  const lines = rows.map(({ name, unit, medians, ratios }) => {
    const cells = peers.map((peer) => {
      const ratio = ratios[peer];
      const times = ratio === undefined ? "" : ` (${short(ratio)}x)`;
      return `${short(medians[peer] ?? Number.NaN)}${times}`;
    });
    return `| ${[`${name}, ${unit}`, ...cells].join(" | ")} |`;
  });
  const head = `| ${["workload", ...peers].join(" | ")} |`;
  return `${[head, `| --- |${" ---: |".repeat(peers.length)}`, ...lines].join("\n")}\n`;
}

/** The middle one of values that are numbers; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}
