/**
 * The drafts that wait for the rest of their blocks.
 *
 * @module
 */
import type { PlacedDraft } from "./draft.ts";

export class UnfilledDrafts {
  readonly #waiting = new Set<PlacedDraft>();
  readonly #taken = new Set<PlacedDraft>();

  /** All there are. */
  get count(): number {
    return this.#waiting.size + this.#taken.size;
  }

  /** Those that nobody has taken. */
  get waiting(): number {
    return this.#waiting.size;
  }

  has(draft: PlacedDraft): boolean {
    return this.#waiting.has(draft) || this.#taken.has(draft);
  }

  add(draft: PlacedDraft): void {
    this.#waiting.add(draft);
  }

  /** A draft is filled, or no more. */
  delete(draft: PlacedDraft): void {
    if (!this.#waiting.delete(draft)) this.#taken.delete(draft);
  }

  /** Hands out the oldest that nobody has taken, to be filled together. */
  take(most: number): readonly PlacedDraft[] {
    const taken: PlacedDraft[] = [];
    for (const draft of this.#waiting) {
      if (taken.length >= most) break;
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
