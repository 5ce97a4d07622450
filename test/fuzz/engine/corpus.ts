/**
 * Inputs worth changing: each took a branch, or took one so often, as none before it did.
 *
 * @module
 */
import { probes } from "./probes.ts";

/** Counts are told apart as 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, and more. */
const BUCKETS = 8;

/** Which of the {@link BUCKETS} a count is in, by count. */
const BUCKET_OF: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, count) => [2, 3, 4, 8, 16, 32, 128].filter((begin) => count >= begin).length,
);

export interface Entry {
  readonly input: Uint8Array;
  /** Probes it passes. */
  readonly passed: readonly number[];
}

export class Corpus {
  readonly #used: number;
  readonly #seen: Uint8Array;
  readonly #words: Uint32Array;
  readonly #entries: Entry[] = [];

  /** @param used - how many probes there are */
  constructor(used: number) {
    this.#used = Math.ceil(used / 4) * 4;
    this.#seen = new Uint8Array(this.#used * BUCKETS);
    this.#words = new Uint32Array(probes.counts.buffer, 0, this.#used / 4);
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Forgets what the last input passed. To be called before the next. */
  begin(): void {
    probes.clear(this.#used);
  }

  /** Keeps the input that has just been run, when it showed something new. @returns whether it did */
  keep(input: Uint8Array): boolean {
    const { counts } = probes;
    let isNew = false;
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === 0) continue;
      for (let probe = word * 4; probe < word * 4 + 4; probe++) {
        const count = counts[probe] as number;
        if (count === 0) continue;
        const feature = probe * BUCKETS + (BUCKET_OF[count] as number);
        if (this.#seen[feature] === 0) {
          this.#seen[feature] = 1;
          isNew = true;
        }
      }
    }
    if (isNew) this.#entries.push({ input, passed: passedNow(this.#used) });
    return isNew;
  }

  /** Whether the input that has just been run passed these probes. */
  hasPassed(wanted: readonly number[]): boolean {
    return wanted.every((probe) => probes.counts[probe] !== 0);
  }

  /** An input to go on from: often one of the newest. */
  pick(random: () => number): Uint8Array {
    const { length } = this.#entries;
    const newest = Math.min(length, 1 + Math.floor(length / 8));
    const from = random() < 0.4 ? length - newest : 0;
    const at = from + Math.floor(random() * (length - from));
    return this.#entries[at]?.input ?? new Uint8Array(0);
  }

  /** Probes that some input passed. */
  passed(): ReadonlySet<number> {
    return new Set(this.#entries.flatMap(({ passed }) => passed));
  }

  /** Few inputs, short ones first, that pass together what all pass. */
  essence(): readonly Entry[] {
    const passed = new Set<number>();
    const chosen: Entry[] = [];
    const byLength = [...this.#entries].sort((a, b) => a.input.length - b.input.length);
    for (const entry of byLength) {
      const before = passed.size;
      for (const probe of entry.passed) passed.add(probe);
      if (passed.size > before) chosen.push(entry);
    }
    return withoutNeedless(chosen);
  }
}

/** The probes that the input passed that has just been run. */
function passedNow(used: number): number[] {
  const passed: number[] = [];
  for (let probe = 0; probe < used; probe++) if (probes.counts[probe] !== 0) passed.push(probe);
  return passed;
}

/** Leaves out inputs that pass nothing that the others do not, the longest first. */
function withoutNeedless(entries: readonly Entry[]): readonly Entry[] {
  const times = new Map<number, number>();
  for (const { passed } of entries) {
    for (const probe of passed) times.set(probe, (times.get(probe) ?? 0) + 1);
  }
  return entries.toReversed().filter(({ passed }) => {
    const isNeeded = passed.some((probe) => times.get(probe) === 1);
    if (isNeeded) return true;
    for (const probe of passed) times.set(probe, (times.get(probe) ?? 0) - 1);
    return false;
  });
}
