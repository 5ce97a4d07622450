/**
 * Power cuts under the local files of a segment store: at any moment, with whatever part of the unsynchronised sectors,
 * the vault opens at an allowed moment and is whole.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import { Faults } from "./rig/faults.ts";
import { LocalPowerCuts, type Survival } from "./rig/local-power-cuts.ts";
import { Model } from "./rig/model.ts";
import { isLong, SEED } from "./rig/scale.ts";
import { SegmentTrialPlace, segmentVault } from "./rig/segment-vault.ts";
import { type Step, Trial } from "./rig/trial.ts";
import { CONTENT, WORK } from "./rig/workload.ts";

/** Every moment is cut in these ways; in a short run, one of so many moments is. */
const SURVIVALS: readonly Survival[] = isLong
  ? ["none", "all", "some", "some", "some"]
  : ["none", "some"];
const stride = isLong ? 1 : 4;

const half = Math.floor(WORK.length / 2);
const steps: readonly Step[] = [
  ...WORK.slice(0, half),
  { do: "flush" },
  { do: "reopen" },
  ...WORK.slice(half),
];

t.test("power goes at any moment of commits and publications", async (t) => {
  const directory = t.testdir();
  const template = await segmentVault(join(directory, "template"), CONTENT);
  const place = new SegmentTrialPlace(template, join(directory, "here"), new Faults());
  const cuts = new LocalPowerCuts(place.database, seededRandom(SEED));
  const kept: { readonly at: number; readonly folder: string; survey(): Promise<string> }[] = [];
  place.openFile = cuts.openFile;
  cuts.onMoment = () => {
    place.now += 1;
    if (place.now % stride !== SEED % stride) return;
    for (const survival of SURVIVALS) {
      const folder = join(directory, `cut-${kept.length}`);
      kept.push({ at: place.now, folder, survey: place.keep(cuts.cut(survival), folder) });
    }
  };
  const trial = new Trial(place, Model.of(CONTENT));
  await trial.run(steps);
  for (const [n, { at, folder, survey }] of kept.entries()) {
    try {
      trial.chronicle.expect(await survey(), "local", at);
    } catch (error) {
      t.fail(`image ${n}, at moment ${at} of seed ${SEED}`, { error });
    }
    rmSync(folder, { recursive: true });
  }
  t.comment(`${place.now} moments, ${kept.length} images`);
  t.ok(kept.length > 10);
});
