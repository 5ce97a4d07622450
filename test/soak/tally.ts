/**
 * What a soak counts.
 *
 * @module
 */

/** How often something was done, and how long it took, ms. */
interface Timed {
  count: number;
  totalMs: number;
  longestMs: number;
}

/** Counts and times by name. */
export class Tally {
  readonly #timed = new Map<string, Timed>();
  readonly #counts = new Map<string, number>();

  add(name: string, amount = 1): void {
    this.#counts.set(name, this.#of(name) + amount);
  }

  /** Keeps the largest. */
  peak(name: string, value: number): void {
    this.#counts.set(name, Math.max(this.#of(name), value));
  }

  count(name: string): number {
    return this.#timed.get(name)?.count ?? this.#of(name);
  }

  /** Times something that goes well. */
  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    const tookMs = performance.now() - startedAt;
    const timed = this.#timed.get(name) ?? { count: 0, totalMs: 0, longestMs: 0 };
    timed.count += 1;
    timed.totalMs += tookMs;
    timed.longestMs = Math.max(timed.longestMs, tookMs);
    this.#timed.set(name, timed);
    return result;
  }

  /** A line each. */
  lines(): readonly string[] {
    const timed = [...this.#timed].map(([name, { count, totalMs, longestMs }]) => {
      const mean = (totalMs / count).toFixed(1);
      return `${name}: ${count}, ${mean} ms each, ${Math.round(longestMs)} ms at most`;
    });
    const counted = [...this.#counts].map(([name, count]) => `${name}: ${Math.round(count)}`);
    return [...timed, ...counted].sort();
  }

  #of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}
