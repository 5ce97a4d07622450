/**
 * Every call that a segment store makes goes wrong once, be it to its files, to SQLite or to the objects: it fails, is cut short (an
 * answer is lost), or is the last one before the process dies. Afterwards the vault is opened as this machine has it, and
 * by one that has nothing but the objects.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { type Blow, Faults } from "./rig/faults.ts";
import { spoilSqlite } from "./rig/faulty-sqlite.ts";
import { Model } from "./rig/model.ts";
import { SegmentTrialPlace, segmentVault } from "./rig/segment-vault.ts";
import { strikesOf, tally } from "./rig/strikes.ts";
import { type Step, Trial } from "./rig/trial.ts";
import { CONTENT, WORK } from "./rig/workload.ts";

const directory = t.testdir();
const template = await segmentVault(join(directory, "template"), CONTENT);
const third = Math.floor(WORK.length / 3);
const steps: readonly Step[] = [
  ...WORK.slice(0, third),
  { do: "flush" },
  ...WORK.slice(third, 2 * third),
  { do: "reopen" },
  { do: "flush" },
  ...WORK.slice(2 * third),
];
let made = 0;

/** Runs the work with all calls counted, or one of them struck. */
async function run(faults: Faults): Promise<void> {
  const folder = join(directory, `${++made}`);
  const place = new SegmentTrialPlace(template, folder, faults);
  const trial = new Trial(place, Model.of(CONTENT));
  const mend = spoilSqlite(faults);
  try {
    await trial.run(steps);
    await faults.aside(async () => {
      const { chronicle } = trial;
      chronicle.expect(await place.surveyRemote(), "remote");
      const found = await place.surveyLocal();
      chronicle.expect(found, "local");
      // All that was left here has been published meanwhile.
      if ((await place.surveyRemote()) !== found) throw new Error("it was not all published");
    });
  } finally {
    await trial.end();
    mend();
    rmSync(folder, { recursive: true });
  }
}

const counted = new Faults();
await run(counted);

for (const blow of ["error", "short", "death"] as const satisfies readonly Blow[]) {
  t.test(`each call of a segment store, once: ${blow}`, async (t) => {
    const strikes = strikesOf(counted.calls, blow);
    for (const number of strikes) {
      const faults = new Faults();
      faults.strikeAt(number, blow);
      try {
        await run(faults);
      } catch (error) {
        t.fail(`call ${number}, ${faults.struck}`, { error });
      }
    }
    t.comment(`${strikes.length} of ${counted.calls.length} calls struck`);
    t.ok(strikes.length > 0, tally(counted.calls));
  });
}
