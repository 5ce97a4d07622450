/**
 * How a vault at Discord does when Discord is far away: the emulator, in a process of its own, holds every request back
 * and every connection to a speed.
 *
 *     scripts/bench far-store [--mib 256] [--files 2000] [--rounds 3] [--latency 40] [--bandwidth 200]
 *       [--scratch DIR] [--json FILE]
 *
 * Prints a table of medians with the requests each took, as the emulator counted them.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stdout } from "node:process";
import { parseArgs } from "node:util";
import { EmulatedDiscord } from "./emulated-discord.ts";
import { LibraryVault } from "./library-vault.ts";
import { summarize, tableOf } from "./table.ts";
import { type Figure, Workloads } from "./workloads.ts";

/** Lanes that uploads are measured over. */
const LANES = [
  { channels: 1, webhooks: 0 },
  { channels: 2, webhooks: 0 },
  { channels: 0, webhooks: 1 },
  { channels: 0, webhooks: 2 },
];

const { values } = parseArgs({
  options: {
    mib: { type: "string", default: "256" },
    files: { type: "string", default: "2000" },
    seeks: { type: "string", default: "30" },
    rounds: { type: "string", default: "3" },
    latency: { type: "string", default: "40" },
    bandwidth: { type: "string", default: "200" },
    scratch: { type: "string", default: tmpdir() },
    json: { type: "string" },
  },
});
const scratch = mkdtempSync(join(values.scratch, "dvault-far-"));
const link = { latencyMs: Number(values.latency), megabitsPerSecond: Number(values.bandwidth) };
const discord = await EmulatedDiscord.start(join(scratch, "discord"), link);
try {
  const sizes = {
    bigBytes: Number(values.mib) * 2 ** 20,
    smallFiles: Number(values.files),
    seeks: Number(values.seeks),
  };
  const figures: Figure[] = [];
  for (const lanes of LANES) {
    const place = await discord.furnish(lanes);
    const vault = new LibraryVault(discord, place, mkdtempSync(join(scratch, "upload-")));
    const workloads = new Workloads(vault, discord, sizes);
    await workloads.upload(`${lanes.channels} channels, ${lanes.webhooks} webhooks`);
    figures.push(...workloads.figures);
  }
  const place = await discord.furnish({ channels: 1, webhooks: 0 });
  const workloads = new Workloads(new LibraryVault(discord, place, scratch), discord, sizes);
  await workloads.write();
  for (let round = 0; round < Number(values.rounds); round++) await workloads.read();
  figures.push(...workloads.figures);
  stdout.write(tableOf(summarize(figures)));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ link, figures }, null, 2)}\n`);
  }
} finally {
  await discord.stop();
  rmSync(scratch, { recursive: true, force: true });
}
