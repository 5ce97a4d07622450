/** A short soak in faults: `npm run soak` is the long one, with faults that cost minutes of silence. */
import { fileURLToPath } from "node:url";
import t from "tap";
import { soak } from "../soak/soak.ts";
import { cannotMount } from "../support/mounted-memory.ts";
import "../support/dvault-program.ts";

const skip = cannotMount();
if (skip) t.plan(0, skip);

t.test("whatever was promised to be safe is there after each death", async (t) => {
  const lines = await soak({
    checkout: fileURLToPath(new URL("../../", import.meta.url)),
    directory: t.testdir(),
    seed: "1",
    durationMs: 20_000,
    killEveryMs: 5000,
    lossEvery: 2,
    actors: 2,
    faults: { chance: 0.04, hasSilence: false },
    log: (line) => t.comment(line),
  });
  for (const line of lines) t.comment(line);
  t.pass("every promise was kept");
});
