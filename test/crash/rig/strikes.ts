/**
 * Which calls are to be struck.
 *
 * @module
 */
import type { Blow } from "./faults.ts";
import { isLong, SEED } from "./scale.ts";

/** Calls of each kind that are struck in a short run. */
const FEW = 3;

/** What else than being made whole or not at all can become of it: the rest is struck in other ways. */
const IN_PART = /read|write|objects/;

/**
 * Numbers of the calls to be struck: all of them in a long run, a few of each kind in a short one, others with each seed.
 *
 * @param kinds - of all calls, in order
 */
export function strikesOf(kinds: readonly string[], blow: Blow): readonly number[] {
  const strikes: number[] = [];
  for (const kind of new Set(kinds)) {
    if (blow === "short" && !IN_PART.test(kind)) continue;
    const numbers = kinds.flatMap((other, n) => (other === kind ? [n + 1] : []));
    const stride = isLong ? 1 : Math.ceil(numbers.length / FEW);
    strikes.push(...numbers.filter((_, n) => n % stride === SEED % stride));
  }
  return strikes.sort((a, b) => a - b);
}

/** How many there are of each kind, for people. */
export function tally(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${kind}: ${count}`).join(", ");
}
