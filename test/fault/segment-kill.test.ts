/**
 * A writer is killed at random moments: what `publish` returned for is there again, and what was flushed is there for
 * whoever has nothing but the objects.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { discordPlace } from "../support/discord-vault-place.ts";
import { makeRounds, openPlace, type WriterPlace } from "../support/killed-writer.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { readRound } from "../support/segment-vault.ts";
import { openTestVault } from "../support/test-vault.ts";
import { TYPESCRIPT, untraced } from "../support/untraced.ts";

/** Kills of each kind of place; `DVAULT_KILLS=200` for the long run. */
const KILLS = Number(process.env.DVAULT_KILLS ?? 2);
const WRITER = fileURLToPath(new URL("../support/killed-writer.ts", import.meta.url));
const random = seededRandom(Number(process.env.DVAULT_SEED ?? 1));

/** Newest rounds that a writer said were safe. */
interface Safe {
  committed: number;
  flushed: number;
}

function below(limit: number): number {
  return Math.floor(random() * limit);
}

/** Lets a writer go on from where the last one was killed, and kills it. */
async function writeAndKill(place: WriterPlace, safe: Safe): Promise<void> {
  const args = [...TYPESCRIPT, WRITER, JSON.stringify(place)];
  const child = spawn(...untraced(process.execPath, args), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  // It ends with this process, too, whatever happens.
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  let left = 1 + below(12);
  for await (const line of createInterface(child.stdout)) {
    const [what, round] = line.split(" ");
    if (what === "committed" || what === "flushed") safe[what] = Number(round);
    left -= 1;
    if (left === 0) setTimeout(kill, below(40));
  }
  const [code, signal] = await ended;
  process.off("exit", kill);
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself, with ${code}`);
}

async function roundOf(place: WriterPlace, readOnly: boolean): Promise<number> {
  const vault = await openTestVault(await openPlace(place, { readOnly }));
  try {
    return await readRound(vault);
  } finally {
    await vault.abandon();
  }
}

async function killOften(t: Test, place: WriterPlace): Promise<void> {
  const safe = { committed: 0, flushed: -1 };
  await makeRounds(place);
  for (let kill = 1; kill <= KILLS; kill++) {
    await writeAndKill(place, safe);
    const remote = await roundOf({ ...place, database: `${place.database}.${kill}` }, true);
    t.ok(remote >= safe.flushed, `remote at ${remote}, flushed ${safe.flushed}`);
    const local = await roundOf(place, false);
    t.ok(local >= safe.committed, `local at ${local}, committed ${safe.committed}`);
    t.ok(local <= safe.committed + 1, "and no more than one further");
  }
}

t.test("over a directory", async (t) => {
  const directory = t.testdir();
  const objects = { kind: "directory" as const, path: join(directory, "objects") };
  await killOften(t, { objects, database: join(directory, "desk.db") });
});

t.test("at Discord", async (t) => {
  const { emulator, bot, config } = await discordPlace(t, {
    settings: { limitsRates: false },
    speed: 1,
  });
  const objects = { kind: "discord" as const, api: emulator.apiUrl, token: bot.token, config };
  await killOften(t, { objects, database: join(t.testdir(), "desk.db") });
});
