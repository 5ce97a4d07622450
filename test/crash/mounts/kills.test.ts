/** `kill -9` of live mounts during work: whatever was promised to be safe is there again. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { MountedVault } from "../../soak/mounted-vault.ts";
import { cannotMount } from "../../support/mounted-memory.ts";
import { KilledMount, type KillOptions } from "../rig/killed-mount.ts";
import { isLong, SEED } from "../rig/scale.ts";
import "../../support/dvault-program.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const program = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const minutes = Number(process.env.DVAULT_CRASH_MINUTES ?? 10);

/** Short lives, so that death often meets a commit. */
const PLAN: Omit<KillOptions, "lossEvery"> = {
  seed: `${SEED}`,
  deaths: 4,
  durationMs: isLong ? minutes * 60_000 : 0,
  lifeMs: 2500,
};

const PLACES = {
  "a vault in a file": { url: (home: string) => join(home, "v.dvault"), lossEvery: 0 },
  "a vault in a folder": { url: (home: string) => `dir:${join(home, "place")}`, lossEvery: 2 },
} as const;

for (const [name, { url, lossEvery }] of Object.entries(PLACES)) {
  t.test(`${name} keeps what it promised through every death`, async (t) => {
    const home = join(t.testdir(), "home");
    mkdirSync(home);
    const vault = new MountedVault({ program, home, url: url(home), env: {} });
    t.teardown(() => vault.abandon());
    const mount = new KilledMount(vault, { ...PLAN, lossEvery });
    try {
      await mount.run();
    } catch (error) {
      t.comment(vault.lastWords());
      throw error;
    } finally {
      for (const line of mount.tally.lines()) t.comment(line);
    }
    const env = { PATH: process.env.PATH ?? "", HOME: home, DVAULT_PASSWORD: "soak" };
    const args = [program, "check", "--read-data", "--json", url(home)];
    const report = JSON.parse(String(execFileSync(process.execPath, args, { env })));
    t.match(report, { findings: [], leakedPages: 0, warnings: [] });
  });
}
