import fc from "fast-check";
import t from "tap";
import { LookupCounts } from "../../../src/core/fs/lookup-counts.ts";

interface Step {
  readonly isRetained: boolean;
  readonly ino: number;
  readonly count: number;
}

/** Does a step to both. @returns whether they agree on it */
function agree(counts: LookupCounts, model: Map<number, number>, step: Step): boolean {
  const { isRetained, ino, count } = step;
  const left = (model.get(ino) ?? 0) + (isRetained ? count : -count);
  model.set(ino, Math.max(0, left));
  if (!isRetained) return counts.forget(ino, count) === left <= 0;
  counts.retain(ino, count);
  return counts.has(ino);
}

t.test("references are counted as a map counts them", async (t) => {
  const step = fc.record({
    isRetained: fc.boolean(),
    ino: fc.constantFrom(0, 1, 2, 1023, 1024, 1025, 2 ** 32, 2 ** 40 + 1),
    count: fc.integer({ min: 1, max: 3 }),
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const counts = new LookupCounts();
        const model = new Map<number, number>();
        if (!steps.every((next) => agree(counts, model, next))) return false;
        return [...model].every(([ino, count]) => counts.has(ino) === count > 0);
      }),
    ),
  );
});
