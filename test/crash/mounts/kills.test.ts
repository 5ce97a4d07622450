/** `kill -9` of live mounts during work: whatever was promised to be safe is there again. */
import { execFileSync } from "node:child_process";
import t from "tap";
import { cannotMount } from "../../support/mounted-memory.ts";
import { untraced } from "../../support/untraced.ts";
import { KilledMount, type KillOptions } from "../rig/killed-mount.ts";
import { mountableVault, PROGRAM } from "../rig/mountable-vault.ts";
import { isLong, SEED } from "../rig/scale.ts";
import "../../support/dvault-program.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

const durationMs = isLong ? Number(process.env.DVAULT_CRASH_MINUTES ?? 10) * 60_000 : 0;

// Each mount is a program of its own, which takes its time on a busy machine.
t.setTimeout(900_000 + 3 * durationMs);

/** Short lives, so that death often meets a commit. */
const PLAN: Omit<KillOptions, "lossEvery"> = {
  seed: `${SEED}`,
  deaths: 3,
  durationMs,
  lifeMs: 2500,
};

for (const [kind, lossEvery] of [
  ["file", 0],
  ["folder", 2],
] as const) {
  t.test(`a vault in a ${kind} keeps what it promised through every death`, async (t) => {
    const { vault, home, url } = mountableVault(t, kind);
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
    const args = [PROGRAM, "check", "--read-data", "--json", url];
    const report = JSON.parse(String(execFileSync(...untraced(process.execPath, args), { env })));
    t.match(report, { findings: [], leakedPages: 0, warnings: [] });
  });
}
