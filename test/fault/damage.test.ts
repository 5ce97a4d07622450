/**
 * Single damages on vaults of each kind of store: a check finds them, or they lie where nothing is; nothing crashes; and a
 * recovery brings back all that is not itself destroyed, and calls nothing whole that is not.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { DirectoryObjectStore } from "../../src/stores/objects/directory-object-store.ts";
import { DAMAGES, damaged } from "../support/damage/damages.ts";
import { fileImage } from "../support/damage/file-image.ts";
import type { VaultImage } from "../support/damage/image.ts";
import { folderImage, memoryImage } from "../support/damage/object-images.ts";
import { makeSampleVault } from "../support/damage/sample-vault.ts";
import { survey } from "../support/damage/survey.ts";
import { judge } from "../support/damage/verdict.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { SegmentPlace } from "../support/segment-place.ts";

/** Damages on each kind of store; `DVAULT_DAMAGES=10000` for the long run, `DVAULT_SEED` for others. */
const COUNT = Number(process.env.DVAULT_DAMAGES ?? 60);
const SEED = Number(process.env.DVAULT_SEED ?? 1);
/** Which kind of store, by the begin of its name; all when left out. */
const ONLY = process.env.DVAULT_STORE ?? "";

const FILES = 60;
/** Small objects, so that there are many. */
const LIMITS = { objectBytes: 150_000, recordBytes: 150_000 };

// Of its own: the long run is one process for each kind.
const directory = mkdtempSync(join(tmpdir(), "dvault-damage-"));
t.teardown(() => rmSync(directory, { recursive: true }));
t.setTimeout(120_000 + COUNT * 5000);

/** Damages a vault again and again. */
async function damageOften(t: Test, vault: VaultImage): Promise<void> {
  const random = seededRandom(SEED);
  const whole = await survey(await vault.open(vault.image));
  const counts = { found: 0, dead: 0, harmless: 0, lost: 0 };
  for (let n = 0; n < COUNT; n++) {
    const damage = DAMAGES[n % DAMAGES.length] ?? "flip";
    const { image, what } = damaged({ ...vault, random }, damage);
    const verdict = await judge({ vault, survey: whole, damaged: image });
    for (const wrong of verdict.wrong) t.fail(`damage ${n}: ${what}: ${wrong}`);
    if (verdict.isLive) counts.found += 1;
    else if (verdict.isFound) counts.harmless += 1;
    else counts.dead += 1;
    if (verdict.lost.size > 0) counts.lost += 1;
  }
  t.comment(`${vault.name}: ${JSON.stringify(counts)}`);
  t.ok(counts.found > COUNT / 10);
}

const MAKERS: Readonly<Record<string, () => Promise<VaultImage>>> = {
  async file() {
    const path = join(directory, "whole.dvault");
    await makeSampleVault(FileStore.create(path), FILES, async () => undefined);
    return fileImage(path, join(directory, "damaged.dvault"));
  },
  async folder() {
    const place = new SegmentPlace(join(directory, "folder state"));
    const folder = join(directory, "folder");
    mkdirSync(folder);
    const objects = await DirectoryObjectStore.create(folder, {
      random: nodePlatform.random,
      timing: place.timing,
    });
    const store = await place.open("here", { objects }, "create");
    await makeSampleVault(store, FILES, () => store.flush());
    return folderImage(folder);
  },
  async discord() {
    const place = new SegmentPlace(join(directory, "discord state"));
    place.limits = LIMITS;
    const store = await place.open("here", {}, "create");
    await makeSampleVault(store, FILES, () => store.flush());
    return memoryImage(place.contents);
  },
};

for (const [kind, make] of Object.entries(MAKERS)) {
  t.test(
    `${COUNT} single damages on a vault in a store like ${kind} are found, told and recovered from`,
    { skip: !kind.startsWith(ONLY) },
    async (t) => damageOften(t, await make()),
  );
}
