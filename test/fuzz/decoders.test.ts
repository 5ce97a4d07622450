/**
 * The short run of the fuzzer: every input that is kept, and some that are made of them, without probes.
 * `DVAULT_SEED` decides which; `npm run fuzz` makes a million for each target, and follows what they reach.
 *
 * @module
 */
import { resolve } from "node:path";
import t from "tap";
import { utf8 } from "../../src/core/base/bytes.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { loadCorpus } from "./engine/corpus-files.ts";
import { Mutator } from "./engine/mutator.ts";
import { type FuzzTarget, LENGTH_MAX } from "./engine/target.ts";
import { targets } from "./targets.ts";

const SEED = Number(process.env.DVAULT_SEED ?? 1);
const INPUTS = 300;

for (const target of targets) {
  t.test(`${target.name}: any bytes are handled as documented (seed ${SEED})`, async (t) => {
    const problems: string[] = [];
    const inputs = [...loadCorpus(resolve("."), target.name), ...(await target.seeds())];
    for (const input of [...inputs, ...changed(inputs, target)]) {
      try {
        await target.run(input.slice());
      } catch (error) {
        problems.push(`${Buffer.from(input).toString("base64")}: ${(error as Error).stack}`);
      }
    }
    t.same(problems, []);
  });
}

/** Inputs made of others. */
function* changed(inputs: readonly Uint8Array[], target: FuzzTarget): Generator<Uint8Array> {
  const { words = [], maxLength = LENGTH_MAX, shortRun = INPUTS } = target;
  const mutator = new Mutator({
    random: seededRandom(SEED),
    words: words.map((word) => (typeof word === "string" ? utf8(word) : word)),
    maxLength,
  });
  const pick = (): Uint8Array => inputs[mutator.below(inputs.length)] ?? new Uint8Array(0);
  for (let n = 0; n < shortRun; n++) yield mutator.mutate(pick(), pick());
}
