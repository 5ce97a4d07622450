/**
 * All short sequences of calls on two names, in the manner of ACE (Mohan et al., OSDI 2018): most crash bugs of file
 * systems show with no more.
 *
 * @module
 */
import type { Model } from "./model.ts";
import type { Operation } from "./operations.ts";

const NAMES: readonly (readonly [path: string, other: string])[] = [
  ["a", "b"],
  ["b", "a"],
];

/** Sizes at which something changes: what stands in the tree, in a pack, and in pages of their own. */
const LENGTH = 50_000;
const OFFSET = 30_000;
const SHORTER = 70_000;
const TAIL = 900;

/** Every call there is. @param seed - tells the bytes of one place in a sequence from those of others */
function alphabet(seed: number): readonly Operation[] {
  const onNames = NAMES.flatMap(([path, to]): Operation[] => [
    { do: "create", path },
    { do: "write", path, offset: OFFSET, length: LENGTH, seed },
    { do: "append", path, length: TAIL, seed },
    { do: "truncate", path, size: SHORTER },
    { do: "rename", path, to },
    { do: "link", path, to },
    { do: "copy", path, to },
    { do: "unlink", path },
    { do: "mkdir", path },
    { do: "rmdir", path },
  ]);
  return [...onNames, { do: "fsync" }];
}

/**
 * Every sequence of up to `length` calls none of which is refused.
 * @param model - what is there before
 */
export function* sequences(
  model: Model,
  length: number,
): Generator<{ readonly operations: readonly Operation[]; readonly model: Model }> {
  if (length === 0) return;
  for (const shorter of [{ operations: [], model }, ...sequences(model, length - 1)]) {
    if (shorter.operations.length < length - 1) continue;
    for (const operation of alphabet(length)) {
      const after = shorter.model.after(operation);
      if (after === undefined) continue;
      yield { operations: [...shorter.operations, operation], model: after };
    }
  }
  yield* sequences(model, length - 1);
}
