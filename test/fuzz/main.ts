/**
 * `npm run fuzz`.
 *
 * `usage.txt` tells its options.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Usage } from "../support/usage.ts";
import { saveCorpus, saveInput } from "./engine/corpus-files.ts";
import "./engine/probes.ts";
import { supervise } from "./engine/supervise.ts";
import { headOfTable, lineOfTable, type Probes } from "./engine/table.ts";
import type { FuzzTarget } from "./engine/target.ts";

const usage = new Usage("scripts/fuzz");
const values = usage.read({
  target: { type: "string" },
  runs: { type: "string", default: "1000000" },
  minutes: { type: "string", default: "Infinity" },
  seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  save: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
});
// What they load must find the probes.
const { targets } = await import("./targets.ts");
if (values.list) print(`${targets.map(({ name }) => name).join("\n")}\n`);
else await run(chosenTargets());

function print(text: string): void {
  process.stdout.write(text);
}

function chosenTargets(): readonly FuzzTarget[] {
  if (values.target === undefined) return targets;
  return values.target.split(",").map(targetNamed);
}

function targetNamed(name: string): FuzzTarget {
  const target = targets.find((candidate) => candidate.name === name);
  return target ?? usage.refuse(`--target ${name}: --list tells which there are`);
}

async function run(chosen: readonly FuzzTarget[]): Promise<void> {
  const root = resolve(".");
  const probes = JSON.parse(readFileSync(join(root, "build/fuzz/probes.json"), "utf8")) as Probes;
  const seed = Number(values.seed);
  print(`seed ${seed}\n${headOfTable()}`);
  for (const target of chosen) {
    const { name } = target;
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
