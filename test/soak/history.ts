/**
 * What one directory of a mount may hold after a crash.
 *
 * A commit is a moment of the whole mount (docs/DURABILITY.md), and one actor changes its directory step by step. So
 * what is found after a crash must be the state behind one of its steps: never before the newest one that was promised
 * to be safe, and never a mixture. Only digests are remembered, so long histories cost little.
 *
 * @module
 */

/** What a name stands for, as far as it is compared. */
export type Entry =
  | {
      readonly kind: "file";
      readonly size: number;
      readonly digest: string;
      /** Names the same file has in all. */
      readonly links: number;
    }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string };

/** Paths below the directory, as `a/b`. */
export type Tree = ReadonlyMap<string, Entry>;

/** Paths that a step changes, and what they stand for from then on; undefined is nothing. */
export type Step = ReadonlyMap<string, Entry | undefined>;

/** How far something is safe: from the death of the process, or from the loss of the machine. */
export type Level = "local" | "remote";

/** What became of a history in a crash. */
export interface Settlement {
  /** Steps that are gone. */
  readonly lostSteps: number;
  /** When the oldest of them was completed, by `performance.now`; undefined when nothing is lost that was. */
  readonly lostSince: number | undefined;
}

interface PastStep {
  readonly changes: Step;
  /** Undefined while its call has not returned. */
  completedAt: number | undefined;
}

/** See the head of this file. Moments count completed steps from the beginning. */
export class History {
  /** The state behind the first {@link History.#folded} steps. */
  readonly #base = new Map<string, Entry>();
  #folded = 0;
  readonly #steps: PastStep[] = [];
  /** Moments that are safe; the remote one is where the remembered steps begin, or behind. */
  readonly #safe: Record<Level, number> = { local: 0, remote: 0 };

  /** Steps whose call has returned. */
  get moment(): number {
    const open = this.#steps.findIndex(({ completedAt }) => completedAt === undefined);
    return this.#folded + (open < 0 ? this.#steps.length : open);
  }

  /** Notes what a call is about to change, step by step. */
  begin(...steps: readonly Step[]): void {
    for (const changes of steps) this.#steps.push({ changes, completedAt: undefined });
  }

  /** The call returned. */
  complete(): void {
    for (const step of this.#steps) step.completedAt ??= performance.now();
  }

  /** Everything up to a moment was promised to be safe. */
  promise(level: Level, moment: number): void {
    const levels: readonly Level[] = level === "remote" ? ["local", "remote"] : ["local"];
    for (const each of levels) this.#safe[each] = Math.max(this.#safe[each], moment);
    const folding = this.#steps.splice(0, this.#safe.remote - this.#folded);
    for (const { changes } of folding) apply(this.#base, changes);
    this.#folded += folding.length;
  }

  /**
   * Finds the step behind which a directory stands after a crash, and forgets those after it.
   * @param level - what was lost no more than
   * @throws Error when it stands behind none of those that are allowed
   */
  settle(found: Tree, level: Level): Settlement {
    const least = this.#safe[level] - this.#folded;
    const state = new Map(this.#base);
    const differing = differences(state, found);
    let standing: number | undefined;
    let closest: readonly string[] | undefined;
    const look = (steps: number): void => {
      if (steps < least) return;
      if (differing.size === 0) standing = steps;
      if (differing.size < (closest?.length ?? Number.POSITIVE_INFINITY)) closest = [...differing];
    };
    look(0);
    for (const [index, { changes }] of this.#steps.entries()) {
      apply(state, changes);
      for (const path of changes.keys()) {
        if (isSame(state.get(path), found.get(path))) differing.delete(path);
        else differing.add(path);
      }
      look(index + 1);
    }
    if (standing === undefined) throw new Error(this.#complaint(found, level, closest ?? []));
    return this.#cut(standing);
  }

  #cut(standing: number): Settlement {
    const lost = this.#steps.splice(standing);
    // What is there now was read back from a commit.
    this.complete();
    const moment = this.#folded + standing;
    this.#safe.local = moment;
    this.#safe.remote = Math.min(this.#safe.remote, moment);
    return { lostSteps: lost.length, lostSince: lost[0]?.completedAt };
  }

  #complaint(found: Tree, level: Level, closest: readonly string[]): string {
    const state = new Map(this.#base);
    for (const { changes } of this.#steps) apply(state, changes);
    const named = closest.slice(0, 5).map((path) => {
      const is = describe(found.get(path));
      return `${path} is ${is}, at last ${describe(state.get(path))}`;
    });
    const range = `${this.#safe[level]} to ${this.#folded + this.#steps.length}, with ${level} safe,`;
    return `no state from step ${range} fits; ${closest.length} paths differ: ${named.join("; ")}`;
  }
}

function apply(state: Map<string, Entry>, changes: Step): void {
  for (const [path, entry] of changes) {
    if (entry === undefined) state.delete(path);
    else state.set(path, entry);
  }
}

function differences(left: Tree, right: Tree): Set<string> {
  const paths = new Set([...left.keys(), ...right.keys()]);
  return new Set([...paths].filter((path) => !isSame(left.get(path), right.get(path))));
}

function isSame(left: Entry | undefined, right: Entry | undefined): boolean {
  return describe(left) === describe(right);
}

function describe(entry: Entry | undefined): string {
  if (entry === undefined) return "nothing";
  if (entry.kind === "directory") return "a directory";
  if (entry.kind === "symlink") return `a link to ${entry.target}`;
  return `a file of ${entry.size} bytes, ${entry.links} names, ${entry.digest}`;
}
