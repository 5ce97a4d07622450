/**
 * Figures of several rounds as a table.
 *
 * @module
 */
import type { Figure } from "./workloads.ts";

/** A workload over all rounds. */
export interface Row {
  readonly workload: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Of the first round. */
  readonly share: number | undefined;
  /** Requests of the round that took most. */
  readonly api: number;
  readonly cdn: number;
  readonly uploads: number;
  readonly refused: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
}

/** One row for each workload, in the order they were first seen. */
export function summarize(figures: readonly Figure[]): readonly Row[] {
  const names = [...new Set(figures.map(({ workload }) => workload))];
  return names.map((workload) => {
    const rounds = figures.filter((figure) => figure.workload === workload);
    const values = rounds.map(({ value }) => value).sort((a, b) => a - b);
    const most = (of: (figure: Figure) => number): number => Math.max(...rounds.map(of));
    return {
      workload,
      unit: rounds[0]?.unit ?? "",
      median: values[values.length >> 1] as number,
      least: values[0] as number,
      most: values.at(-1) as number,
      share: rounds[0]?.share,
      api: most(({ api }) => api),
      cdn: most(({ cdn }) => cdn),
      uploads: most(({ uploads }) => uploads),
      refused: most(({ refused }) => refused),
      cpuSeconds: most(({ cpuSeconds }) => cpuSeconds),
      peakMib: most(({ peakMib }) => peakMib),
    };
  });
}

/** Rows as Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ workload, unit, median, least, most, ...row }) => {
    const range = least === most ? "" : ` (${short(least)}-${short(most)})`;
    const counts = `${row.api} | ${row.cdn} | ${row.uploads} | ${row.refused}`;
    const process = `${short(row.cpuSeconds)} | ${row.peakMib.toFixed(0)}`;
    const share = row.share === undefined ? "" : `${(100 * row.share).toFixed(0)} %`;
    return `| ${workload}, ${unit} | ${short(median)}${range} | ${share} | ${counts} | ${process} |`;
  });
  const head = [
    "| workload | median (range) | of 8 MiB a permitted post | API requests | CDN requests | uploads | 429 | CPU, s | peak, MiB |",
  ];
  return `${[...head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", ...lines].join("\n")}\n`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
