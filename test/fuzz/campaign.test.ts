/** The fuzzer itself: it finds what is hidden from chance. */
import t from "tap";
import { Campaign, type Outcome } from "./engine/campaign.ts";
import { probes } from "./engine/probes.ts";
import type { FuzzTarget } from "./engine/target.ts";

const KEY = 0x5eed_f00d;

/** A decoder with probes as `scripts/build-fuzz.mjs` would put them: it fails behind a number and a word. */
const hidden: FuzzTarget = {
  name: "hidden",
  files: [],
  seeds: () => [new Uint8Array(12)],
  maxLength: 16,
  run(input) {
    probes.counts[0] = 1;
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
    if (probes.below(input.length, 8) || probes.differ(view.getUint32(4), KEY)) return;
    probes.counts[1] = 1;
    const word = Buffer.from(input.subarray(0, 4)).toString("latin1");
    if (probes.same(word, "fuzz")) throw new Error("found");
  },
};

const decoders: Readonly<Record<string, FuzzTarget>> = {
  slow: { ...hidden, msMax: 20, run: () => spin(30) },
  large: { ...hidden, run: () => void new Uint8Array(2 ** 24).fill(1) },
};

function spin(ms: number): void {
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < ms * 1000);
}

function run(target: FuzzTarget, runs: number): Promise<Outcome> {
  const parts = { kept: [], minutes: 1, seed: 1, probes: 16, announce: () => {} };
  return new Campaign({ ...parts, target, runs }).run();
}

t.test("a failure behind comparisons is found, and told once", async (t) => {
  const { failures, passed, essence } = await run(hidden, 5000);
  t.match(failures, [{ problem: /^Error: found/ }]);
  t.equal(failures.length, 1);
  t.ok(passed.has(1));
  t.equal(essence.length, 1, "one input passes all there is");
  t.ok((essence[0]?.length ?? 0) <= 8, "and it is short");
});

t.test("an input that takes too much is a failure", async (t) => {
  for (const target of Object.values(decoders)) {
    const { failures } = await run(target, 1);
    t.match(failures, [{ problem: /^Error: 12 bytes took \d+ / }]);
  }
});
