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
const COUNT = Number(process.env.DVAULT_DAMAGES ?? 40);
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
  const kinds = DAMAGES.filter((damage) => damage !== "delete" || vault.image.size > 1);
  const counts = { found: 0, dead: 0, harmless: 0, lost: 0 };
  for (let n = 0; n < COUNT; n++) {
    const damage = kinds[n % kinds.length] ?? "flip";
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

/** Makes a vault, by its name, and takes its image. */
const MAKERS: Readonly<Record<string, (name: string) => Promise<VaultImage>>> = {
  async file(name) {
    const path = join(directory, `${name}.dvault`);
    await makeSampleVault(FileStore.create(path), FILES, async () => undefined);
    return fileImage(path, join(directory, "damaged.dvault"));
  },
  async folder(name) {
    const place = new SegmentPlace(join(directory, `${name} folder state`));
    const folder = join(directory, `${name} folder`);
    mkdirSync(folder);
    const objects = await DirectoryObjectStore.create(folder, {
      random: nodePlatform.random,
      timing: place.timing,
    });
    const store = await place.open("here", { objects }, "create");
    await makeSampleVault(store, FILES, () => store.flush());
    return folderImage(folder);
  },
  async discord(name) {
    const place = new SegmentPlace(join(directory, `${name} discord state`));
    place.limits = LIMITS;
    const store = await place.open("here", {}, "create");
    await makeSampleVault(store, FILES, () => store.flush());
    return memoryImage(place.contents);
  },
};

/** Puts each page of another vault in the place of the page that has the same address, one at a time. */
async function transplant(t: Test, own: VaultImage, other: VaultImage): Promise<void> {
  const whole = await survey(await own.open(own.image));
  let count = 0;
  for (const page of own.pages.filter(({ address }) => whole.live.has(address))) {
    const foreign = other.pages.find(
      ({ address, start, end }) =>
        address === page.address && end - start === page.end - page.start,
    );
    if (foreign === undefined || !own.isNamed(page)) continue;
    const bytes = own.image.get(page.part)?.slice() ?? new Uint8Array(0);
    const from = other.image.get(foreign.part)?.subarray(foreign.start, foreign.end);
    bytes.set(from ?? new Uint8Array(0), page.start);
    const image = new Map(own.image).set(page.part, bytes);
    const { isFound, wrong } = await judge({ vault: own, survey: whole, damaged: image });
    t.ok(isFound, `page ${page.address} of another vault is noticed`);
    t.same(wrong, []);
    count += 1;
  }
  t.ok(count > 3, `${count} pages`);
}

for (const [kind, make] of Object.entries(MAKERS)) {
  const skip = !kind.startsWith(ONLY);
  t.test(
    `${COUNT} single damages on a vault in a store like ${kind} are found, told and recovered from`,
    { skip },
    async (t) => damageOften(t, await make("own")),
  );
  t.test(
    `pages of another vault never open in the place of a vault's own, in a store like ${kind}`,
    { skip },
    async (t) => transplant(t, await make("one"), await make("other")),
  );
}
