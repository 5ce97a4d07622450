/**
 * The drafts that wait for the rest of their blocks.
 *
 * @module
 */
import type { PlacedDraft } from "./draft.ts";

export class UnfilledDrafts {
  readonly #waiting = new Set<PlacedDraft>();
  readonly #taken = new Set<PlacedDraft>();
  #waitingBytes = 0;

  /** All there are. */
  get count(): number {
    return this.#waiting.size + this.#taken.size;
  }

  /** Those that nobody has taken. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Memory that the parts of those take. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Those that somebody has taken. */
  get taken(): number {
    return this.#taken.size;
  }

  has(draft: PlacedDraft): boolean {
    return this.#waiting.has(draft) || this.#taken.has(draft);
  }

  add(draft: PlacedDraft): void {
    this.#waiting.add(draft);
    this.#waitingBytes += memoryOf(draft);
  }

  /** The parts of a draft take more memory than before, by so many bytes. */
  grew(draft: PlacedDraft, bytes: number): void {
    if (this.#waiting.has(draft)) this.#waitingBytes += bytes;
  }

  /** A draft is filled, or no more; to be called while it still has its parts. */
  delete(draft: PlacedDraft): void {
    if (this.#waiting.delete(draft)) this.#waitingBytes -= memoryOf(draft);
    else this.#taken.delete(draft);
  }

  /** Hands out the oldest that nobody has taken, to be filled together. */
  take(most: number): readonly PlacedDraft[] {
    const taken: PlacedDraft[] = [];
    for (const draft of this.#waiting) {
      if (taken.length >= most) break;
      taken.push(draft);
      this.delete(draft);
      this.#taken.add(draft);
    }
    return taken;
  }

  /** What was taken could not be filled, and waits again. */
  putBack(draft: PlacedDraft): void {
    if (this.#taken.delete(draft)) this.add(draft);
  }
}

function memoryOf({ unfilled }: PlacedDraft): number {
  return unfilled?.parts.bytes ?? 0;
}
