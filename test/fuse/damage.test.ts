/**
 * Single damages to vaults that are then mounted: the mount answers or is refused in words, a read brings the right bytes
 * or EIO, and the end is as ordinary as ever.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, createReadStream, mkdirSync, rmSync } from "node:fs";
import { lstat, readdir, readFile, readlink, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import t, { type Test } from "tap";
import type { PageStore } from "../../src/core/pages/page-store.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { DirectoryObjectStore } from "../../src/stores/objects/directory-object-store.ts";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { systemTiming } from "../../src/stores/objects/discord/steady-timing.ts";
import type { ObjectStore } from "../../src/stores/objects/object-store.ts";
import { openSegmentStore } from "../../src/stores/segments/open-segment-store.ts";
import type { SegmentStore } from "../../src/stores/segments/segment-store.ts";
import { DAMAGES, damaged } from "../support/damage/damages.ts";
import { discordImage } from "../support/damage/discord-image.ts";
import {
  type MountableImage,
  mountableFile,
  mountableFolder,
} from "../support/damage/mountable-image.ts";
import { makeSampleVault } from "../support/damage/sample-vault.ts";
import { discordPlace } from "../support/discord-vault-place.ts";
import { isMounted, Program } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { hostOf } from "../support/segment-place.ts";
import { TEST_PASSWORD } from "../support/test-vault.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

/** Damages on each kind of store; `DVAULT_DAMAGES=1000` for a long run, `DVAULT_SEED` for others. */
const COUNT = Number(process.env.DVAULT_DAMAGES ?? 10);
const SEED = Number(process.env.DVAULT_SEED ?? 1);
/** Which kind of store, by the begin of its name; all when left out. */
const ONLY = process.env.DVAULT_STORE ?? "";

const FILES = 60;
t.setTimeout(300_000 + COUNT * 30_000);

/** Damaged, going back in time, no vault, and no store: where a damage may lead before there is a mount. */
const REFUSALS = [13, 14, 15, 16];

/** A vault's place, as the program is told. */
interface Place {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Makes the vault there. */
  fill(): Promise<void>;
  image(): Promise<MountableImage> | MountableImage;
}

/** What stands behind a path, in short. */
type Contents = ReadonlyMap<string, string>;

async function* pathsBelow(directory: Buffer): AsyncGenerator<Buffer> {
  for (const name of await readdir(directory, { encoding: "buffer" })) {
    const path = Buffer.concat([directory, Buffer.from("/"), name]);
    yield path;
    if ((await lstat(path)).isDirectory()) yield* pathsBelow(path);
  }
}

async function contentOf(path: Buffer): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return readlink(path);
  if (!found.isFile()) return found.mode.toString(8);
  const hash = createHash("sha256");
  // `readFile` takes a short read for the end, and a read that meets damage behind its beginning is short.
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}

async function contentsOf(mountpoint: string): Promise<Contents> {
  const contents = new Map<string, string>();
  for await (const path of pathsBelow(Buffer.from(mountpoint))) {
    contents.set(path.toString("latin1"), await contentOf(path));
  }
  return contents;
}

/** A mount, or why there is none. */
interface Mounted {
  readonly refusal: number | undefined;
  /** Unmounts. @returns exit codes of `dvault unmount` and of the mount's process, and what that has said */
  end(): Promise<{ readonly codes: readonly (number | null)[]; readonly words: string }>;
}

/** A machine that mounts one vault again and again, and remembers only which commit it has seen. */
class Machine {
  readonly mountpoint: string;
  readonly #dvault: Program;
  readonly #place: Place;

  constructor(dvault: Program, place: Place) {
    this.#dvault = dvault;
    this.#place = place;
    this.mountpoint = dvault.directory("m");
  }

  /** Keeps what was seen until now for {@link Machine.forget}. */
  remember(): void {
    cpSync(this.#state("seen"), this.#dvault.path("seen"), { recursive: true });
  }

  /** Forgets all that has come since. */
  forget(): void {
    rmSync(this.#dvault.path(".local"), { recursive: true, force: true });
    mkdirSync(this.#state(""), { recursive: true });
    cpSync(this.#dvault.path("seen"), this.#state("seen"), { recursive: true });
  }

  #state(name: string): string {
    return join(this.#dvault.path(".local/state/dvault"), name);
  }

  async mount(): Promise<Mounted> {
    const env = { ...this.#place.env, DVAULT_PASSWORD: TEST_PASSWORD };
    const child = this.#dvault.start(["mount", "-f", this.#place.url, this.mountpoint], env);
    const { stderr, stdout } = child;
    if (stderr === null || stdout === null) throw new Error("a mount without pipes");
    const said = Promise.all([text(stderr), text(stdout)]);
    const ended = once(child, "exit") as Promise<[number | null]>;
    while (!isMounted(this.mountpoint) && child.exitCode === null && child.signalCode === null) {
      await delay(20);
    }
    const refusal = isMounted(this.mountpoint) ? undefined : (child.exitCode ?? -1);
    const end: Mounted["end"] = async () => {
      const codes: (number | null)[] = [];
      if (refusal === undefined) {
        codes.push((await this.#dvault.runBeside(["unmount", this.mountpoint])).code);
      }
      const [code] = await ended;
      codes.push(code);
      return { codes, words: (await said).join("") };
    };
    return { refusal, end };
  }
}

/** Reads everything, and writes. @returns what must not be, and how many paths were refused */
async function use(
  mountpoint: string,
  before: Contents,
): Promise<{ readonly wrong: string[]; readonly refused: number }> {
  const wrong: string[] = [];
  let refused = 0;
  for (const [path, content] of before) {
    try {
      const found = await contentOf(Buffer.from(path, "latin1"));
      if (found !== content) wrong.push(`${path} is not what it was`);
    } catch (error) {
      refused += 1;
      if (codeOf(error) !== "EIO") wrong.push(`${path}: ${error}`);
    }
  }
  try {
    await statfs(mountpoint);
    const after = join(mountpoint, "after");
    await writeFile(after, "all that");
    if ((await readFile(after, "utf8")) !== "all that") wrong.push("what is written is not there");
  } catch (error) {
    if (codeOf(error) !== "EIO") wrong.push(`afterwards: ${error}`);
  }
  return { wrong, refused };
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code;
}

async function damageOften(t: Test, place: Place): Promise<void> {
  const dvault = await Program.start(t);
  await place.fill();
  const machine = new Machine(dvault, place);
  const intact = await machine.mount();
  t.equal(intact.refusal, undefined);
  const before = await contentsOf(machine.mountpoint);
  t.ok(before.size > FILES);
  t.match(await intact.end(), { codes: [0, 0] });
  machine.remember();
  const vault = await place.image();
  const random = seededRandom(SEED);
  const kinds = DAMAGES.filter((damage) => damage !== "delete" || vault.image.size > 1);
  const counts = { whole: 0, hurt: 0, refused: 0 };
  for (let n = 0; n < COUNT; n++) {
    const { image, what } = damaged({ ...vault, random }, kinds[n % kinds.length] ?? "flip");
    await vault.bring(image);
    machine.forget();
    const { outcome, wrong, words } = await tryMount(machine, before);
    if (wrong.length > 0) t.fail(`damage ${n}: ${what}`, { wrong, words });
    counts[outcome] += 1;
  }
  t.comment(`${COUNT} damages: ${JSON.stringify(counts)}`);
  t.ok(counts.whole + counts.hurt > 0);
}

/** Mounts a damaged vault, uses it, and unmounts. */
async function tryMount(
  machine: Machine,
  before: Contents,
): Promise<{
  readonly outcome: "whole" | "hurt" | "refused";
  readonly wrong: readonly string[];
  readonly words: string;
}> {
  const { refusal, end } = await machine.mount();
  if (refusal !== undefined) {
    const { words } = await end();
    const isTold = REFUSALS.includes(refusal) && /^dvault: /.test(words);
    return { outcome: "refused", wrong: isTold ? [] : [`it ended with ${refusal}`], words };
  }
  const { wrong, refused } = await use(machine.mountpoint, before);
  const { codes, words } = await end();
  if (codes.some((code) => code !== 0)) wrong.push(`the ends were ${codes}`);
  return { outcome: refused > 0 ? "hurt" : "whole", wrong, words };
}

/** Makes a vault on a store of objects. */
async function fillObjects(objects: ObjectStore): Promise<void> {
  const store: SegmentStore = await openSegmentStore(
    { objects, database: "", timing: systemTiming, random: nodePlatform.random, host: hostOf("a") },
    "create",
  );
  await makeSampleVault(store satisfies PageStore, FILES, () => store.flush());
}

const PLACES: Readonly<Record<string, (t: Test) => Promise<Place>>> = {
  async file(t) {
    const path = join(t.testdir(), "v.dvault");
    const fill = (): Promise<void> =>
      makeSampleVault(FileStore.create(path), FILES, async () => undefined);
    return { url: path, env: {}, fill, image: () => mountableFile(path) };
  },
  async folder(t) {
    const folder = t.testdir();
    const { random } = nodePlatform;
    const fill = async (): Promise<void> =>
      fillObjects(await DirectoryObjectStore.create(folder, { random, timing: systemTiming }));
    return { url: `dir:${folder}`, env: {}, fill, image: () => mountableFolder(folder) };
  },
  async discord(t) {
    const place = await discordPlace(t, { speed: 1, settings: { limitsRates: false } });
    place.emulator.discord.clock.advance(Date.now() - place.timing.trueTime());
    const env = {
      DVAULT_DISCORD_API: place.emulator.apiUrl,
      DVAULT_DISCORD_TOKEN: place.bot.token,
    };
    const fill = (): Promise<void> => fillObjects(place.open());
    const url = encodeDiscordUrl(place.config);
    return { url, env, fill, image: () => discordImage(place.emulator.discord) };
  },
};

for (const [kind, make] of Object.entries(PLACES)) {
  t.test(
    `${COUNT} single damages to a vault in a store like ${kind} crash no mount of it`,
    { skip: !kind.startsWith(ONLY) },
    async (t) => damageOften(t, await make(t)),
  );
}
