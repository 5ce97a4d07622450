import fc from "fast-check";
import t from "tap";
import { audit } from "../support/audit.ts";
import { type Call, FsModel, OPERATION_NAMES } from "../support/fs-model.ts";
import { MemoryFileSystem } from "../support/memory-file-system.ts";
import { MemoryVault } from "../support/memory-vault.ts";
import { newFileSystem } from "../support/test-file-system.ts";

const RUNS = Number(process.env.FC_RUNS ?? 40);
const STEPS = Number(process.env.FC_STEPS ?? 60);
const PAGE = 65_536;

/** Offsets and lengths at and around the places where something changes. */
const bytes = fc.oneof(
  fc.constantFrom(0, 1, 1024, 4096, 49_152, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 4 * PAGE }),
);
const name = fc.constantFrom("a", "b", "c", "d", "\u00e9", "x".repeat(255));
const pick = fc.nat(100);

const call: fc.Arbitrary<Call> = fc.record({
  op: fc.constantFrom(...OPERATION_NAMES),
  inode: pick,
  directory: pick,
  other: pick,
  name,
  otherName: name,
  offset: bytes,
  otherOffset: bytes,
  length: bytes,
  variant: fc.nat(255),
});

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function agree(calls: readonly Call[], seed: number, compression: "none" | "deflate") {
  const random = randomFrom(seed);
  const draftBytes = seed % 2 === 0 ? 3 * PAGE : 1000 * PAGE;
  const options = { compression, draftBytes };
  let vault = new MemoryVault({ faultRate: 0.1, random });
  const shares = calls.some(({ op }) => op === "copy");
  const model = new MemoryFileSystem();
  model.setattr(1, { uid: 0, gid: 0 });
  const models = new FsModel(await newFileSystem(vault, options), model, async () => {
    await vault.commit();
    const faults = audit(vault, shares);
    if (faults.length > 0) throw new Error(faults.join("; "));
    vault = new MemoryVault({ faultRate: 0.1, random }, vault.committed);
    return newFileSystem(vault, options);
  });
  for (const call of calls) await models.run(call);
  await models.reopen();
}

for (const compression of ["none", "deflate"] as const) {
  t.test(
    `any calls answer as a file system in memory does, compression ${compression}`,
    async (t) => {
      const property = fc.asyncProperty(
        fc.array(call, { maxLength: STEPS, size: "max" }),
        fc.integer(),
        (calls, seed) => agree(calls, seed, compression),
      );
      await t.resolves(fc.assert(property, { numRuns: RUNS }));
    },
  );
}
