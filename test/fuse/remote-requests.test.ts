/** What the first look into a vault at Discord costs through a mount, counted by the emulator. */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { encodeDiscordUrl } from "../../src/stores/objects/discord/discord-config.ts";
import { type DiscordPlace, discordPlace } from "../support/discord-vault-place.ts";
import { type Ended, Program } from "../support/dvault-program.ts";
import { cannotMount } from "../support/mounted-memory.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const AUTHORS = 30;
const WORKS = 10;
const CHAPTERS = 10;

const execute = promisify(execFile);

/** A library: what stands in the root directory was made at very different times. */
async function writeLibrary(root: string): Promise<void> {
  for (let author = 0; author < AUTHORS; author++) {
    for (let work = 0; work < WORKS; work++) {
      const directory = join(
        root,
        `Author No. ${author}`,
        `A work of some length (${1900 + work})`,
      );
      await mkdir(directory, { recursive: true });
      for (let chapter = 0; chapter < CHAPTERS; chapter++) {
        const name = `${String(chapter).padStart(2, "0")} - A chapter with a name of its own.txt`;
        await writeFile(join(directory, name), name.repeat(25 + chapter));
      }
    }
  }
}

/** Requests since the last time. */
function countsOf({ emulator }: DiscordPlace) {
  const { log } = emulator.discord;
  const { apiRequests, cdnRequests } = log.counters;
  log.reset();
  return { api: apiRequests, cdn: cdnRequests };
}

t.test("mounting a library and listing its root takes four requests", async (t) => {
  const place = await discordPlace(t, { speed: 1, settings: { limitsRates: false } });
  place.emulator.discord.clock.advance(Date.now() - place.timing.trueTime());
  const env = {
    DVAULT_DISCORD_API: place.emulator.apiUrl,
    DVAULT_DISCORD_TOKEN: place.bot.token,
  };
  const dvault = await Program.start(t);
  const mountpoint = dvault.directory("m");
  const run = (...args: readonly string[]): Promise<Ended> => dvault.runBeside(args, env);
  const url = encodeDiscordUrl(place.config);
  const recipient = ["--recipient", dvault.recipient];
  t.match(await run("init", "far", "--store", url, "--accept-policy", ...recipient), { code: 0 });
  t.match(await run("mount", ...dvault.key, "far", mountpoint), { code: 0, err: "" });
  await writeLibrary(mountpoint);
  t.match(await run("unmount", mountpoint), { code: 0, err: "" });
  await rm(dvault.path(".local"), { recursive: true });
  countsOf(place);
  t.match(await run("mount", ...dvault.key, "far", mountpoint), { code: 0, err: "" });
  const { stdout } = await execute("ls", [mountpoint]);
  t.equal(stdout.split("\n").length, AUTHORS + 1);
  // Whether a vault is there, the lease, the log; and the newest commit with what an opening needs.
  t.same(countsOf(place), { api: 3, cdn: 1 });
  await execute("ls", ["-l", mountpoint]);
  const { cdn } = countsOf(place);
  t.ok(cdn <= 5, `${cdn} requests for the attributes of ${AUTHORS} directories`);
  t.match(await run("unmount", mountpoint), { code: 0, err: "" });
});
