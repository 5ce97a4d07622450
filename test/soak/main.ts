/**
 * `npm run soak`: see USAGE.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const USAGE = `Soaks a mounted vault at an emulated Discord in faults, and kills it over and over.

  npm run soak -- [options]

  --minutes <n>      how long (30)
  --seed <text>      decides what is done and what goes wrong (1)
  --chance <n>       of each kind of fault at each request (0.05)
  --kill-every <n>   seconds that a mount lives (60)
  --loss-every <n>   deaths from one loss of all local state to the next (5)
  --actors <n>       that work at the same time (3)
  --dir <directory>  for everything; it is emptied, and left when something is wrong (build/soak-data)
  --help
`;

const OPTIONS = {
  minutes: { type: "string", default: "30" },
  seed: { type: "string", default: "1" },
  chance: { type: "string", default: "0.05" },
  "kill-every": { type: "string", default: "60" },
  "loss-every": { type: "string", default: "5" },
  actors: { type: "string", default: "3" },
  dir: { type: "string", default: "build/soak-data" },
  help: { type: "boolean", default: false },
} as const;

const { values } = parseArgs({ options: OPTIONS });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
if (values.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
  const directory = resolve(values.dir);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const startedAt = performance.now();
  const log = (line: string): void => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(`${String(seconds).padStart(5)} s  ${line}\n`);
  };
  try {
    const lines = await soak({
      checkout: resolve("."),
      directory,
      seed: values.seed,
      durationMs: Number(values.minutes) * 60_000,
      killEveryMs: Number(values["kill-every"]) * 1000,
      lossEvery: Number(values["loss-every"]),
      actors: Number(values.actors),
      faults: { chance: Number(values.chance), hasSilence: true },
      log,
    });
    for (const line of lines) log(line);
    log("every promise was kept");
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    log(`broken: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
