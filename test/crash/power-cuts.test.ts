/**
 * Power cuts under the store of a vault file: whatever of the unsynchronised writes reaches the disk, the vault opens at an
 * allowed moment and is whole.
 *
 * @module
 */
import t from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import { Chronicle } from "./rig/chronicle.ts";
import { openFileVault, type Session, survey, vaultImage } from "./rig/file-vault.ts";
import { Model } from "./rig/model.ts";
import { type Operation, perform } from "./rig/operations.ts";
import { powerCuts } from "./rig/power-cuts.ts";
import { isLong, SEED } from "./rig/scale.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";
import { CONTENT, WORK } from "./rig/workload.ts";

const exhaustive = isLong ? 7 : 4;
const samples = isLong ? 60 : 3;

/** Does some work. @param overlaps - whether it goes on while a commit is made */
async function record(
  disk: SimulatedDisk,
  { fs }: Session,
  work: readonly Operation[],
  overlaps: boolean,
): Promise<Chronicle> {
  const chronicle = new Chronicle(Model.of(CONTENT));
  let syncing: Promise<void> = Promise.resolve();
  for (const operation of work) {
    if (operation.do !== "fsync") {
      const next = chronicle.now.after(operation);
      if (next === undefined) throw new Error(`the model refuses ${JSON.stringify(operation)}`);
      chronicle.begin(next, disk.events.length);
      await perform(fs, operation);
      continue;
    }
    await syncing;
    const { length } = chronicle;
    syncing = perform(fs, operation).then(() => {
      chronicle.promise("local", length, disk.events.length);
    });
    if (!overlaps) await syncing;
  }
  await syncing;
  return chronicle;
}

for (const overlaps of [false, true]) {
  const manner = overlaps ? "while work goes on" : "between calls";
  t.test(`power goes at any moment of commits made ${manner}`, async (t) => {
    const options = { random: seededRandom(SEED), exhaustive, samples, tears: true };
    const image = await vaultImage(CONTENT);
    const disk = new SimulatedDisk(image);
    const session = await openFileVault(disk);
    const chronicle = await record(disk, session, WORK, overlaps);
    await session.vault.close();
    let images = 0;
    for (const cut of powerCuts(image, disk.events, options)) {
      try {
        chronicle.expect(await survey(cut.image), "local", cut.at);
      } catch (error) {
        t.fail(`image ${images}, after event ${cut.at} of seed ${SEED}`, { error });
        return;
      }
      images += 1;
    }
    t.comment(`${disk.events.length} events, ${images} images`);
    t.ok(images > disk.events.length);
  });
}
