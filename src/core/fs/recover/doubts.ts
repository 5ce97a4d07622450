/**
 * Inodes whose state is not surely that of the recovered commit.
 *
 * @module
 */

/** Why a file is not passed off as whole. */
export interface Doubt {
  /** `old`: as an earlier commit had it, at least in part; `partial`: something is missing or guessed. */
  readonly state: "old" | "partial";
  readonly reasons: readonly string[];
}

export class Doubts {
  readonly #doubts = new Map<number, Doubt>();

  /** Notes a reason, once. What is partial stays so. */
  add(ino: number, state: Doubt["state"], reason: string): void {
    const before = this.#doubts.get(ino);
    const reasons = before?.reasons ?? [];
    this.#doubts.set(ino, {
      state: before?.state === "partial" ? "partial" : state,
      reasons: reasons.includes(reason) ? reasons : [...reasons, reason],
    });
  }

  of(ino: number): Doubt | undefined {
    return this.#doubts.get(ino);
  }
}
