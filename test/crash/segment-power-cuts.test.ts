/**
 * Power cuts under the local files of a segment store: at any moment, with whatever part of the unsynchronised sectors,
 * the vault opens at an allowed moment and is whole; also after a sync that failed.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import type { SegmentPlace } from "../support/segment-place.ts";
import { Faults } from "./rig/faults.ts";
import { LocalPowerCuts, type Survival, SYNC } from "./rig/local-power-cuts.ts";
import { Model } from "./rig/model.ts";
import { isLong, SEED } from "./rig/scale.ts";
import { SegmentTrialPlace, segmentVault } from "./rig/segment-vault.ts";
import { strikesOf } from "./rig/strikes.ts";
import { type Step, Trial } from "./rig/trial.ts";
import { CONTENT, WORK } from "./rig/workload.ts";

/** Every moment is cut in these ways; in a short run, one of so many moments is. */
const SURVIVALS: readonly Survival[] = isLong
  ? ["none", "all", "some", "some", "some"]
  : ["none", "some"];
const stride = isLong ? 1 : 4;

const third = Math.floor(WORK.length / 3);
const steps: readonly Step[] = [
  ...WORK.slice(0, third),
  { do: "flush" },
  ...WORK.slice(third, 2 * third),
  { do: "flush" },
  { do: "reopen" },
  ...WORK.slice(2 * third),
];

/** Runs the work, and keeps what power cuts would leave. */
class PoweredTrial {
  readonly faults = new Faults();
  readonly #place: SegmentTrialPlace;
  readonly #trial: Trial;
  readonly #cuts: LocalPowerCuts;
  readonly #directory: string;
  readonly #kept: { readonly at: number; readonly folder: string; survey(): Promise<string> }[] =
    [];

  /** @param directory - made for what is kept */
  constructor(template: SegmentPlace, directory: string) {
    this.#directory = directory;
    this.#place = new SegmentTrialPlace(template, join(directory, "here"), this.faults);
    this.#cuts = new LocalPowerCuts(this.#place.database, this.faults, seededRandom(SEED));
    this.#place.openFile = this.#cuts.openFile;
    this.#trial = new Trial(this.#place, Model.of(CONTENT));
  }

  get moments(): number {
    return this.#place.now;
  }

  /** @param survivals - what to keep at a moment */
  async run(survivals: () => readonly Survival[]): Promise<void> {
    this.#cuts.onMoment = () => {
      this.#place.now += 1;
      if (this.#place.now % stride !== SEED % stride) return;
      for (const survival of survivals()) {
        const folder = join(this.#directory, `cut-${this.#kept.length}`);
        const survey = this.#place.keep(this.#cuts.cut(survival), folder);
        this.#kept.push({ at: this.#place.now, folder, survey });
      }
    };
    await this.#trial.run(steps);
  }

  /** Opens all that was kept. @returns how many images */
  async expect(t: Test, when: string): Promise<number> {
    for (const [n, { at, folder, survey }] of this.#kept.entries()) {
      try {
        this.#trial.chronicle.expect(await survey(), "local", at);
      } catch (error) {
        t.fail(`image ${n}, at moment ${at} of seed ${SEED}${when}`, { error });
      }
      rmSync(folder, { recursive: true });
    }
    return this.#kept.length;
  }
}

const directory = t.testdir();
const template = await segmentVault(join(directory, "template"), CONTENT);

t.test("power goes at any moment of commits and publications", async (t) => {
  const trial = new PoweredTrial(template, join(directory, "whole"));
  await trial.run(() => SURVIVALS);
  const images = await trial.expect(t, "");
  t.comment(`${trial.moments} moments, ${images} images`);
  t.ok(images > 10);
});

t.test("power goes at any moment after a sync that failed", async (t) => {
  const whole = new PoweredTrial(template, join(directory, "counted"));
  await whole.run(() => []);
  const { calls } = whole.faults;
  const strikes = strikesOf(calls, "error").filter((number) => calls[number - 1] === SYNC);
  let images = 0;
  for (const number of strikes) {
    const trial = new PoweredTrial(template, join(directory, `struck-${number}`));
    trial.faults.strikeAt(number, "error");
    await trial.run(() => (trial.faults.struck === undefined ? [] : ["none"]));
    images += await trial.expect(t, ` with sync ${number} failed`);
  }
  t.comment(`${strikes.length} syncs failed, ${images} images`);
  t.ok(images > strikes.length);
});
