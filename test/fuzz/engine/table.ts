/**
 * The figures of a run, a line a target.
 *
 * @module
 */
import type { Outcome } from "./campaign.ts";
import type { FuzzTarget } from "./target.ts";

/** What `scripts/build-fuzz.mjs` says of its probes: how many, and the first and number of each file's. */
export interface Probes {
  readonly probes: number;
  readonly files: Readonly<Record<string, readonly [number, number]>>;
}

const COLUMNS = [
  "target",
  "inputs",
  "s",
  "corpus",
  "probes",
  "of its own",
  "slowest, ms",
  "one took, KiB",
  "peak, MiB",
  "failures",
];

export function headOfTable(): string {
  return `${row(COLUMNS)}${row(COLUMNS.map(() => "---"))}`;
}

export function lineOfTable(target: FuzzTarget, outcome: Outcome, probes: Probes): string {
  return row([
    target.name,
    outcome.inputs,
    outcome.seconds.toFixed(1),
    outcome.corpus,
    outcome.passed.size,
    shareOfOwn(target, outcome, probes),
    outcome.worstMs.toFixed(1),
    Math.ceil(outcome.worstBytes / 1024),
    Math.ceil(outcome.peakBytes / 2 ** 20),
    outcome.failures.length,
  ]);
}

function shareOfOwn({ files }: FuzzTarget, { passed }: Outcome, probes: Probes): string {
  let total = 0;
  let reached = 0;
  for (const file of files) {
    const place = probes.files[file];
    if (place === undefined) throw new Error(`${file} has no probes`);
    const [first, count] = place;
    total += count;
    for (let probe = first; probe < first + count; probe++) if (passed.has(probe)) reached += 1;
  }
  return `${Math.round((100 * reached) / total)} %`;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |\n`;
}
