/**
 * How a vault at Discord does when Discord is far away: the emulator, in a process of its own, holds every request back
 * and every connection to a speed.
 * `usage.txt` tells its options.
 *
 * The vault is used as a library, in this process, or with `--mount` through the kernel. Prints a table of medians with
 * the requests each took, as the emulator counted them.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { Usage } from "../../test/support/usage.ts";
import { EmulatedDiscord, type EmulatedPlace } from "./emulated-discord.ts";
import type { FarVault } from "./far-vault.ts";
import { LibraryVault } from "./library-vault.ts";
import { MountedVault } from "./mounted-vault.ts";
import { summarize, tableOf } from "./table.ts";
import { type Figure, Workloads } from "./workloads.ts";

/** `dist/cli/main.js` of this checkout. */
const PROGRAM = fileURLToPath(new URL("../../../../dist/cli/main.js", import.meta.url));

const usage = new Usage("scripts/bench far-store");
const values = usage.read({
  mib: { type: "string", default: "256" },
  files: { type: "string", default: "2000" },
  seeks: { type: "string", default: "30" },
  rounds: { type: "string", default: "3" },
  latency: { type: "string", default: "40" },
  bandwidth: { type: "string", default: "200" },
  scratch: { type: "string", default: tmpdir() },
  unlimited: { type: "boolean", default: false },
  windows: { type: "string", default: "1" },
  parts: { type: "string", default: "uploads,reads" },
  lanes: { type: "string", default: "1+0,2+0,4+0,0+1,0+2,0+4" },
  mount: { type: "boolean", default: false },
  cache: { type: "string", default: "64M" },
  dvault: { type: "string", default: PROGRAM },
  json: { type: "string" },
});
const PARTS = ["uploads", "reads"];
const parts = values.parts.split(",");
const unknown = parts.find((part) => !PARTS.includes(part));
if (unknown !== undefined) usage.refuse(`--parts ${unknown}: there are ${PARTS.join(", ")}`);
if (!/^\d+\+\d+(,\d+\+\d+)*$/.test(values.lanes)) {
  usage.refuse(`--lanes takes channels+webhooks between commas, not ${values.lanes}`);
}
const scratch = mkdtempSync(join(values.scratch, "dvault-far-"));
const link = {
  latencyMs: Number(values.latency),
  megabitsPerSecond: Number(values.bandwidth),
  isLimited: !values.unlimited,
  windows: Number(values.windows),
};
const discord = await EmulatedDiscord.start(join(scratch, "discord"), link);

const mounted: MountedVault[] = [];

function vaultAt(place: EmulatedPlace): FarVault {
  const directory = mkdtempSync(join(scratch, "vault-"));
  if (!values.mount) return new LibraryVault(discord, place, directory);
  const options = ["--cache-size", values.cache, "--store-cache", values.cache];
  const vault = new MountedVault(discord, place, directory, { program: values.dvault, options });
  mounted.push(vault);
  return vault;
}

try {
  const sizes = {
    bigBytes: Number(values.mib) * 2 ** 20,
    smallFiles: Number(values.files),
    seeks: Number(values.seeks),
  };
  const figures: Figure[] = [];
  for (const text of parts.includes("uploads") ? values.lanes.split(",") : []) {
    const [channels = 0, webhooks = 0] = text.split("+").map(Number);
    const lanes = { channels, webhooks };
    const workloads = new Workloads(vaultAt(await discord.furnish(lanes)), discord, sizes);
    await workloads.upload(lanes);
    figures.push(...workloads.figures);
  }
  if (parts.includes("reads")) {
    const place = await discord.furnish({ channels: 1, webhooks: 0 });
    const workloads = new Workloads(vaultAt(place), discord, sizes);
    await workloads.write();
    for (let round = 0; round < Number(values.rounds); round++) await workloads.read();
    figures.push(...workloads.figures);
  }
  stdout.write(tableOf(summarize(figures)));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ link, figures }, null, 2)}\n`);
  }
} finally {
  for (const vault of mounted) vault.abandon();
  await discord.stop();
  rmSync(scratch, { recursive: true, force: true });
}
