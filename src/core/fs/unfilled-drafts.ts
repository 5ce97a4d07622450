/**
 * The drafts that wait for the rest of their blocks.
 *
 * @module
 */
import type { PlacedDraft } from "./draft.ts";

export class UnfilledDrafts {
  readonly #waiting = new Set<PlacedDraft>();
  readonly #taken = new Set<PlacedDraft>();
  #bytes = 0;

  /** All there are. */
  get count(): number {
    return this.#waiting.size + this.#taken.size;
  }

  /** Memory that their parts take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Those that nobody has taken. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Those that somebody has taken. */
  get taken(): number {
    return this.#taken.size;
  }

  has(draft: PlacedDraft): boolean {
    return this.#waiting.has(draft) || this.#taken.has(draft);
  }

  /** Whether one of them is as asked for. */
  some(isWanted: (draft: PlacedDraft) => boolean): boolean {
    for (const draft of this.#waiting) if (isWanted(draft)) return true;
    for (const draft of this.#taken) if (isWanted(draft)) return true;
    return false;
  }

  add(draft: PlacedDraft): void {
    this.#waiting.add(draft);
    this.#bytes += memoryOf(draft);
  }

  /** The parts of a draft take so many bytes more than before. */
  grew(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A draft is filled, or no more; to be called while it still has its parts. */
  delete(draft: PlacedDraft): void {
    if (this.#waiting.delete(draft) || this.#taken.delete(draft)) this.#bytes -= memoryOf(draft);
  }

  /** Hands out the oldest that nobody has taken, to be filled together. */
  take(most: number, isWanted: (draft: PlacedDraft) => boolean): readonly PlacedDraft[] {
    const taken: PlacedDraft[] = [];
    for (const draft of this.#waiting) {
      if (taken.length >= most) break;
      if (!isWanted(draft)) continue;
      taken.push(draft);
      this.#waiting.delete(draft);
      this.#taken.add(draft);
    }
    return taken;
  }

  /** What was taken could not be filled, and waits again. */
  putBack(draft: PlacedDraft): void {
    if (this.#taken.delete(draft)) this.#waiting.add(draft);
  }
}

function memoryOf({ unfilled }: PlacedDraft): number {
  return unfilled?.parts.bytes ?? 0;
}
