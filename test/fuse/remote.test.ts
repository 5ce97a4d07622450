/** A mount over a remote vault, and a second machine that has nothing but the place, the token and the key. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { discordPlace } from "../support/discord-vault-place.ts";
import { type Ended, Program, servingPid } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const SMALL_FILES = 200;
const BIG_BYTES = 20_000_000;

/** Writes a tree; the emulator is in this process, so nothing here may block. */
async function writeTree(root: string): Promise<void> {
  await mkdir(join(root, "small"));
  for (let n = 0; n < SMALL_FILES; n++) {
    await writeFile(join(root, "small", `${n}`), randomBytes(50 * n));
  }
  await writeFile(join(root, "big"), randomBytes(BIG_BYTES));
}

/** The hash of every file, by path. */
async function hashesOf(root: string): Promise<Readonly<Record<string, string>>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash("sha256").update(await readFile(path));
    hashes[path.slice(root.length)] = hash.digest("hex");
  }
  return hashes;
}

interface Place {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a vault, fills it over a mount, forgets all that is on the machine, and compares. */
async function loseTheMachine(t: Test, { url, env }: Place): Promise<void> {
  const dvault = await Program.start(t);
  const mountpoint = dvault.directory("m");
  const run = (...args: readonly string[]): Promise<Ended> => dvault.runBeside(args, env);
  const recipient = ["--recipient", dvault.recipient];
  const made = await run("init", "far", "--store", url, "--accept-policy", ...recipient);
  t.match(made, { code: 0, out: `${url}\n` });
  t.match(await run("mount", ...dvault.key, "far", mountpoint), { code: 0, err: "" });
  await writeTree(mountpoint);
  const written = await hashesOf(mountpoint);
  t.equal(Object.keys(written).length, SMALL_FILES + 1);
  t.match(await run("cat", ...dvault.key, "far:/small/0"), { code: 0, err: "" });
  t.match(await run("unmount", mountpoint), { code: 0, err: "" });
  for (const state of [".local", ".config"]) {
    await rm(dvault.path(state), { recursive: true, force: true });
  }
  t.match(await run("mount", ...dvault.key, url, mountpoint), { code: 0, err: "" });
  const environment = readFileSync(`/proc/${servingPid(dvault)}/environ`, "latin1");
  t.notMatch(environment, "DVAULT_DISCORD_TOKEN");
  t.same(await hashesOf(mountpoint), written);
  t.match(await run("unmount", mountpoint), { code: 0, err: "" });
}

t.test("a folder of objects gives everything back", async (t) => {
  const folder = t.testdir();
  await loseTheMachine(t, { url: `dir:${join(folder, "objects")}`, env: {} });
});

t.test("Discord gives everything back for the token, the channel and the key", async (t) => {
  const place = await discordPlace(t, { speed: 1, settings: { limitsRates: false }, webhooks: 1 });
  place.emulator.discord.clock.advance(Date.now() - place.timing.trueTime());
  const [webhook] = place.laneWebhooks;
  await loseTheMachine(t, {
    url: encodeDiscordUrl(place.config),
    env: {
      DVAULT_DISCORD_API: place.emulator.apiUrl,
      DVAULT_DISCORD_TOKEN: place.bot.token,
      DVAULT_DISCORD_WEBHOOKS: `https://d/webhooks/${webhook?.id}/${webhook?.token}`,
    },
  });
});
