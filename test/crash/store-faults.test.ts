/**
 * Every system call of the store of a vault file goes wrong once: it fails, is cut short, or is the last one before the
 * process dies. Afterwards the vault is opened as the death of the process left it, and as a power cut did.
 *
 * @module
 */
import t from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import type { Blow, Faults } from "./rig/faults.ts";
import { openFileVault, survey, vaultImage } from "./rig/file-vault.ts";
import { Model } from "./rig/model.ts";
import { powerCuts } from "./rig/power-cuts.ts";
import { isLong, SEED } from "./rig/scale.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";
import { strikesOf, tally } from "./rig/strikes.ts";
import { type Step, Trial, type TrialPlace } from "./rig/trial.ts";
import { CONTENT, WORK } from "./rig/workload.ts";

const image = await vaultImage(CONTENT);
const half = Math.floor(WORK.length / 2);
const steps: readonly Step[] = [...WORK.slice(0, half), { do: "reopen" }, ...WORK.slice(half)];

/** The vault on a disk whose calls go wrong. */
function placeOn(disk: SimulatedDisk): TrialPlace {
  return {
    faults: disk.faults,
    open: () => openFileVault(disk),
    flush: async () => undefined,
    get now() {
      return disk.events.length;
    },
  };
}

/** Counts the calls of the work when nothing goes wrong. */
async function countCalls(): Promise<Faults> {
  const disk = new SimulatedDisk(image);
  await new Trial(placeOn(disk), Model.of(CONTENT)).run(steps);
  return disk.faults;
}

/** @returns images that were opened afterwards */
async function strike(number: number, blow: Blow): Promise<number> {
  const disk = new SimulatedDisk(image);
  disk.faults.strikeAt(number, blow);
  const trial = new Trial(placeOn(disk), Model.of(CONTENT));
  await trial.run(steps);
  if (disk.faults.struck === undefined) throw new Error("no call was struck");
  await trial.end();
  trial.chronicle.expect(await survey(disk.cached), "local");
  trial.chronicle.expect(await survey(disk.durable), "local");
  const { reopenedAt } = trial;
  if (reopenedAt === undefined || disk.faults.struck !== "sync") return 2;
  return 2 + (await cutPower(disk, trial, reopenedAt));
}

/** Cuts the power during the session after a sync that failed: what was not made durable then may be lost now. */
async function cutPower(disk: SimulatedDisk, trial: Trial, from: number): Promise<number> {
  const options = { random: seededRandom(SEED), exhaustive: 4, samples: 0, tears: false };
  let images = 0;
  for (const cut of powerCuts(image, disk.events, options)) {
    if (cut.at < from) continue;
    trial.chronicle.expect(await survey(cut.image), "local", cut.at);
    images += 1;
    if (!isLong && images >= 8) break;
  }
  return images;
}

const counted = await countCalls();

for (const blow of ["error", "short", "death"] as const) {
  t.test(`each call of the store, once: ${blow}`, async (t) => {
    let strikes = 0;
    let images = 0;
    for (const number of strikesOf(counted.calls, blow)) {
      try {
        images += await strike(number, blow);
      } catch (error) {
        t.fail(`call ${number}, ${counted.calls[number - 1]}`, { error });
      }
      strikes += 1;
    }
    t.comment(`${strikes} of ${counted.calls.length} calls struck, ${images} images opened`);
    t.ok(strikes > 0 && images >= 2 * strikes, tally(counted.calls));
  });
}
