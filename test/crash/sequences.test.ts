/**
 * Every short sequence of calls, an `fsync`, and a crash: before it, at each moment of it, and after it.
 *
 * An `fsync` inside of a sequence needs no crash of its own: the sequence that ends there has had it.
 *
 * @module
 */
import t from "tap";
import { seededRandom } from "../support/seeded-random.ts";
import type { DiskImage } from "./rig/disk-image.ts";
import { openFileVault, survey, vaultImage } from "./rig/file-vault.ts";
import { Model } from "./rig/model.ts";
import { type Operation, perform } from "./rig/operations.ts";
import { powerCuts } from "./rig/power-cuts.ts";
import { isLong, SEED } from "./rig/scale.ts";
import { sequences } from "./rig/sequences.ts";
import { SimulatedDisk } from "./rig/simulated-disk.ts";

const length = Number(process.env.DVAULT_SEQUENCE ?? (isLong ? 3 : 2));
/** The other rigs have cut the power in every way; here it goes once at each moment. */
const options = {
  random: seededRandom(SEED),
  exhaustive: isLong ? 2 : 0,
  samples: isLong ? 1 : 0,
  tears: isLong,
};

const ONE_FILE: readonly Operation[] = [
  { do: "create", path: "a" },
  { do: "write", path: "a", offset: 0, length: 100_000, seed: 100 },
];
const TWO_FILES: readonly Operation[] = [
  ...ONE_FILE,
  { do: "create", path: "b" },
  { do: "write", path: "b", offset: 0, length: 600, seed: 101 },
];

/** What the newest `fsync` of a sequence has made safe. */
function safeModel(before: Model, operations: readonly Operation[]): Model {
  const synced = operations.findLastIndex((operation) => operation.do === "fsync");
  return operations
    .slice(0, synced + 1)
    .reduce((model, next) => model.after(next) ?? model, before);
}

function expectOneOf(found: string, models: readonly Model[], moment: string): void {
  if (models.some(({ portrait }) => portrait === found)) return;
  throw new Error(`${moment} there is\n${found}\n-- instead of\n${models.at(-1)?.portrait}`);
}

/** @returns images that were opened */
async function crash(
  image: DiskImage,
  before: Model,
  { operations, model }: { readonly operations: readonly Operation[]; readonly model: Model },
): Promise<number> {
  const disk = new SimulatedDisk(image);
  const { vault, fs } = await openFileVault(disk);
  for (const operation of operations) await perform(fs, operation);
  const safe = safeModel(before, operations);
  const unsynced = disk.durable;
  const begun = disk.events.length;
  await perform(fs, { do: "fsync" });
  let images = 0;
  for (const cut of powerCuts(unsynced, disk.events.slice(begun), options)) {
    expectOneOf(await survey(cut.image), [safe, model], "before the fsync has returned");
    images += 1;
  }
  expectOneOf(await survey(disk.durable), [model], "after the fsync");
  await vault.abandon();
  return images + 1;
}

for (const content of [ONE_FILE, TWO_FILES]) {
  const files = content === ONE_FILE ? "one file" : "two files";
  t.test(`every sequence of up to ${length} calls on ${files}, and a crash`, async (t) => {
    const image = await vaultImage(content);
    const before = Model.of(content);
    let tried = 0;
    let images = 0;
    for (const sequence of sequences(before, length)) {
      try {
        images += await crash(image, before, sequence);
      } catch (error) {
        t.fail(JSON.stringify(sequence.operations), { error });
        return;
      }
      tried += 1;
    }
    t.comment(`${tried} sequences, ${images} images opened`);
    t.ok(tried > 50);
  });
}
