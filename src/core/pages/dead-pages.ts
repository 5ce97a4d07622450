/**
 * Pages the open generation no longer points to, waiting until no header that may be opened needs them.
 *
 * There are two header slots, and the older one must open whole too: a page superseded while generation G is open is
 * still needed by header G-1, which stands until header G+1 overwrites its slot. So a page waits for two headers
 * (design invariant 2).
 *
 * While a sweep walks the state of one generation, nothing that state has is given back: it waits on one side until the
 * sweep ends. A crash before that loses no room: what no snapshot can see counts as waiting, so the map of the next
 * header calls it free; what one may see stays with the snapshots, which are still there.
 *
 * @module
 */

/** What died while a sweep was under way, of the state it walks. */
interface Hold {
  /** Generation of that state. */
  readonly upTo: number;
  /** Pages that a snapshot may see. */
  readonly seen: number[];
  /** Pages younger than every snapshot. */
  readonly unseen: number[];
}

export class DeadPages {
  readonly #giveBack: (addresses: readonly number[]) => void;
  #buried: number[] = [];
  #young: number[] = [];
  #frozen: number[] = [];
  #needsOneMore: number[] = [];
  #keepUpTo = -1;
  #hold: Hold | undefined;

  /** @param giveBack - called with addresses that may be reused from now on */
  constructor(giveBack: (addresses: readonly number[]) => void) {
    this.#giveBack = giveBack;
  }

  /** A page of a tree died while the open generation was open. */
  bury(address: number, bornIn: number): void {
    const hold = this.#hold;
    const isSeen = bornIn <= this.#keepUpTo;
    if (hold === undefined || bornIn > hold.upTo) {
      if (!isSeen) this.#buried.push(address);
    } else if (!isSeen) {
      hold.unseen.push(address);
    } else if (this.#keepUpTo <= hold.upTo) {
      hold.seen.push(address);
    }
  }

  /** A page died that no snapshot needs, whatever its age. */
  buryUnseen(address: number): void {
    this.#buried.push(address);
  }

  /** A page died in the generation it was born in: no header will need it. */
  buryYoung(address: number): void {
    this.#young.push(address);
  }

  /** Pages born at or before `generation` are left to a sweep. */
  keepUpTo(generation: number): void {
    this.#keepUpTo = generation;
  }

  /** Begins to keep the pages of the state of a generation, which is about to end. One at a time. */
  hold(generation: number): void {
    if (this.#hold !== undefined) throw new Error("a sweep is under way already");
    this.#hold = { upTo: generation, seen: [], unseen: [] };
  }

  /** Ends a hold. @param isSeen - whether a snapshot has a page */
  letGo(isSeen: (address: number) => boolean): void {
    const { seen, unseen } = this.#hold ?? { seen: [], unseen: [] };
    this.#hold = undefined;
    for (const address of unseen) this.#buried.push(address);
    for (const address of seen) if (!isSeen(address)) this.#buried.push(address);
  }

  /**
   * The open generation ends; what died in it will not be in the header about to be written.
   * @param isUnderWay - whether a page is being written, and has to wait for that
   * @returns addresses that may be reused from the next generation on
   */
  freeze(isUnderWay: (address: number) => boolean): readonly number[] {
    const free: number[] = [];
    for (const address of this.#young) (isUnderWay(address) ? this.#buried : free).push(address);
    for (const address of this.#buried) this.#frozen.push(address);
    this.#buried = [];
    this.#young = [];
    return free;
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
    const held = this.#hold?.unseen.length ?? 0;
    const { length } = this.#young;
    return this.#needsOneMore.length + this.#frozen.length + this.#buried.length + length + held;
  }

  /** All that the next header will not need, from the first buried on. */
  *waiting(): Iterable<number> {
    yield* this.#needsOneMore;
    yield* this.#frozen;
    yield* this.#buried;
    yield* this.#young;
    if (this.#hold !== undefined) yield* this.#hold.unseen;
  }
}
