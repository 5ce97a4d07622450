/**
 * `npm run fuzz`: see USAGE.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { saveCorpus, saveInput } from "./engine/corpus-files.ts";
import "./engine/probes.ts";
import { supervise } from "./engine/supervise.ts";
import { headOfTable, lineOfTable, type Probes } from "./engine/table.ts";

const USAGE = `Feeds every decoder of outside bytes with inputs that follow what they make it do.

  npm run fuzz -- [options]

  --target <name>   one target, or several between commas (all)
  --runs <n>        inputs of each (1000000)
  --minutes <n>     ends each before that, after so long (never)
  --seed <n>        decides the inputs (the time)
  --save            keep the inputs that are needed to pass every branch, in test/fuzz/corpus
  --list            names of the targets
  --help

Prints a line a target: inputs, seconds, inputs of the corpus, probes passed (all; share of those in the target's own
files), time of the slowest input and memory that one took at most, memory in use at most, failures. What fails stands
in build/fuzz-failures/<target>.
`;

const OPTIONS = {
  target: { type: "string" },
  runs: { type: "string", default: "1000000" },
  minutes: { type: "string", default: "Infinity" },
  seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  save: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const { values } = parseArgs({ options: OPTIONS });
const { targets } = await import("./targets.ts");
if (values.help) print(USAGE);
else if (values.list) print(`${targets.map(({ name }) => name).join("\n")}\n`);
else await run();

function print(text: string): void {
  process.stdout.write(text);
}

async function run(): Promise<void> {
  const root = resolve(".");
  const probes = JSON.parse(readFileSync(join(root, "build/fuzz/probes.json"), "utf8")) as Probes;
  const names = values.target?.split(",") ?? targets.map(({ name }) => name);
  const seed = Number(values.seed);
  print(`seed ${seed}\n${headOfTable()}`);
  for (const name of names) {
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined) throw new Error(`there is no target ${name}`);
    const bounds = { runs: Number(values.runs), minutes: Number(values.minutes) };
    const task = { root, target: name, ...bounds, seed, probes: probes.probes };
    const failed = join(root, "build/fuzz-failures", name);
    const result = await supervise(task);
    if (result.kind === "broken") {
      fail(name, result.problem, saveInput(failed, result.input));
      continue;
    }
    const { outcome } = result;
    print(lineOfTable(target, outcome, probes));
    for (const { problem, input } of outcome.failures)
      fail(name, problem, saveInput(failed, input));
    if (values.save) saveCorpus(root, name, outcome.essence);
  }
}

function fail(name: string, problem: string, path: string): void {
  print(`${name}: ${problem}\n  the input stands in ${path}\n`);
  process.exitCode = 1;
}
