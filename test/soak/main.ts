/**
 * `npm run soak`.
 *
 * `usage.txt` tells its options.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Usage } from "../support/usage.ts";
import { soak } from "./soak.ts";

/** This checkout, from where it is compiled to. */
const CHECKOUT = fileURLToPath(new URL("../../../..", import.meta.url));

const usage = new Usage("scripts/soak");
const values = usage.read({
  minutes: { type: "string", default: "30" },
  seed: { type: "string", default: "dvault" },
  chance: { type: "string", default: "0.05" },
  "kill-every": { type: "string", default: "60" },
  "loss-every": { type: "string", default: "5" },
  actors: { type: "string", default: "3" },
  dir: { type: "string", default: join(CHECKOUT, "build") },
});
const chance = Number(values.chance);
if (chance > 1) usage.refuse(`--chance takes a number from 0 to 1, not ${values.chance}`);
const actors = Number(values.actors);
if (!Number.isInteger(actors) || actors === 0) {
  usage.refuse(`--actors takes a whole number from 1 up, not ${values.actors}`);
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
const directory = resolve(values.dir, "soak-data");
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const startedAt = performance.now();
const log = (line: string): void => {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${String(seconds).padStart(5)} s  ${line}\n`);
};
try {
  const lines = await soak({
    checkout: CHECKOUT,
    directory,
    seed: values.seed,
    durationMs: Number(values.minutes) * 60_000,
    killEveryMs: Number(values["kill-every"]) * 1000,
    lossEvery: Number(values["loss-every"]),
    actors,
    faults: { chance, hasSilence: true },
    log,
  });
  for (const line of lines) log(line);
  log("every promise was kept");
  rmSync(directory, { recursive: true, force: true });
} catch (error) {
  log(`broken: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
