/**
 * Pages the open generation no longer points to, waiting until no header that may be opened needs them.
 *
 * There are two header slots, and the older one must open whole too: a page superseded while generation G is open is
 * still needed by header G-1, which stands until header G+1 overwrites its slot. So a page waits for two headers
 * (design invariant 2).
 *
 * @module
 */

export class DeadPages {
  readonly #giveBack: (addresses: readonly number[]) => void;
  #buried: number[] = [];
  #frozen: number[] = [];
  #needsOneMore: number[] = [];
  #keepUpTo = -1;

  /** @param giveBack - called with addresses that may be reused from now on */
  constructor(giveBack: (addresses: readonly number[]) => void) {
    this.#giveBack = giveBack;
  }

  /** A page died while the open generation was open. */
  bury(address: number, bornIn: number): void {
    if (bornIn > this.#keepUpTo) this.#buried.push(address);
  }

  /** Pages born at or before `generation` are left to a sweep. */
  keepUpTo(generation: number): void {
    this.#keepUpTo = generation;
  }

  /** The open generation ends; what died in it will not be in the header about to be written. */
  freeze(): void {
    for (const address of this.#buried) this.#frozen.push(address);
    this.#buried = [];
  }

  /**
   * Pages the header that is about to be written does not need, for a store that sees to the header before by itself:
   * they do not wait here any more.
   */
  takeFrozen(): readonly number[] {
    const frozen = this.#frozen;
    this.#frozen = [];
    return frozen;
  }

  /** The header of the frozen generation is durable. */
  published(): void {
    const free = this.#needsOneMore;
    this.#needsOneMore = this.#frozen;
    this.#frozen = [];
    if (free.length > 0) this.#giveBack(free);
  }

  /** Pages that wait. */
  get count(): number {
    return this.#needsOneMore.length + this.#frozen.length + this.#buried.length;
  }

  /** All that the next header will not need, from the first buried on. */
  *waiting(): Iterable<number> {
    yield* this.#needsOneMore;
    yield* this.#frozen;
    yield* this.#buried;
  }
}
