/**
 * How many references the kernel holds to each inode (fuse.h, FORGET). An inode without a name lives
 * as long as one is left.
 *
 * The kernel keeps an inode it has once seen for as long as it likes, a million of them after a walk. Numbers are handed out
 * in order, so counts stand side by side in blocks: 4 bytes an inode instead of a map's 40.
 *
 * @module
 */

/** Inodes of one block. */
const BLOCK_INODES = 1024;

/** Counts of neighbouring inodes. */
interface Block {
  readonly counts: Uint32Array;
  /** Inodes with references. */
  held: number;
}

export class LookupCounts {
  readonly #blocks = new Map<number, Block>();

  has(ino: number): boolean {
    return this.#count(ino) > 0;
  }

  #count(ino: number): number {
    const block = this.#blocks.get(Math.floor(ino / BLOCK_INODES));
    return block?.counts[ino % BLOCK_INODES] ?? 0;
  }

  /** Whether any inode from `first` to `last` has references. */
  hasWithin(first: number, last: number): boolean {
    return this.within(first, last).next().done !== true;
  }

  /** Inodes from `first` to `last` with references, in no order. */
  *within(first: number, last: number): Generator<number, void> {
    const [low, high] = [Math.floor(first / BLOCK_INODES), Math.floor(last / BLOCK_INODES)];
    const isNarrow = high - low < this.#blocks.size;
    const indices = isNarrow ? span(low, high) : this.#blocks.keys();
    for (const index of indices) {
      const block = this.#blocks.get(index);
      if (block === undefined || index < low || index > high) continue;
      for (const [n, count] of block.counts.entries()) {
        const ino = index * BLOCK_INODES + n;
        if (count > 0 && ino >= first && ino <= last) yield ino;
      }
    }
  }

  retain(ino: number, count: number): void {
    const index = Math.floor(ino / BLOCK_INODES);
    let block = this.#blocks.get(index);
    if (block === undefined) {
      block = { counts: new Uint32Array(BLOCK_INODES), held: 0 };
      this.#blocks.set(index, block);
    }
    const old = block.counts[ino % BLOCK_INODES] as number;
    block.counts[ino % BLOCK_INODES] = old + count;
    if (old === 0 && count > 0) block.held += 1;
  }

  /** @returns whether these were the last references */
  forget(ino: number, count: number): boolean {
    const left = this.#count(ino) - count;
    const index = Math.floor(ino / BLOCK_INODES);
    const block = this.#blocks.get(index);
    if (block === undefined) return true;
    const wasHeld = (block.counts[ino % BLOCK_INODES] as number) > 0;
    block.counts[ino % BLOCK_INODES] = Math.max(left, 0);
    if (left > 0) return false;
    if (wasHeld) block.held -= 1;
    if (block.held === 0) this.#blocks.delete(index);
    return true;
  }
}

function* span(first: number, last: number): Generator<number, void> {
  for (let n = first; n <= last; n++) yield n;
}
