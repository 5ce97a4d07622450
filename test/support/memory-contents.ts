/**
 * Contents of one file in memory: blocks of 64 KiB, holes left out.
 *
 * @module
 */

const BLOCK = 65_536;
const ZEROS = new Uint8Array(BLOCK);

/** A sparse array of bytes. */
export class MemoryContents {
  size = 0;
  readonly #blocks = new Map<number, Uint8Array>();

  /** Bytes of the blocks that are there. */
  get allocated(): number {
    return this.#blocks.size * BLOCK;
  }

  /** Pieces of up to `length` bytes; borrowed until the next write. */
  read(offset: number, length: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    eachBlock(offset, Math.min(offset + length, this.size), (block, from, to) => {
      pieces.push((this.#blocks.get(block) ?? ZEROS).subarray(from, to));
    });
    return pieces;
  }

  write(offset: number, data: Uint8Array): void {
    let at = 0;
    eachBlock(offset, offset + data.length, (block, from, to) => {
      this.#blockToChange(block).set(data.subarray(at, at + to - from), from);
      at += to - from;
    });
    this.size = Math.max(this.size, offset + data.length);
  }

  resize(size: number): void {
    if (size < this.size) this.punch(size, this.size - size);
    this.size = size;
  }

  /** Makes a part read as zeros, and gives whole blocks back. */
  punch(offset: number, length: number): void {
    const end = offset + length >= this.size ? Number.POSITIVE_INFINITY : offset + length;
    for (const [block, bytes] of this.#blocks) {
      const from = Math.max(0, offset - block * BLOCK);
      const to = Math.min(BLOCK, end - block * BLOCK);
      if (from === 0 && to === BLOCK) this.#blocks.delete(block);
      else if (from < to) bytes.fill(0, from, to);
    }
  }

  /** Makes blocks that hold zeros, so that SEEK_DATA finds them. */
  allocate(offset: number, length: number): void {
    eachBlock(offset, offset + length, (block) => {
      this.#blockToChange(block);
    });
  }

  /** First offset from `offset` on, below the size, in a block that is there (or is not). */
  seek(offset: number, whence: "data" | "hole"): number | undefined {
    let block = Math.floor(offset / BLOCK);
    if (whence === "hole") while (this.#blocks.has(block)) block += 1;
    else block = Math.min(...[...this.#blocks.keys()].filter((candidate) => candidate >= block));
    const found = Math.max(offset, block * BLOCK);
    if (whence === "hole") return Math.min(found, this.size);
    return found < this.size ? found : undefined;
  }

  #blockToChange(block: number): Uint8Array {
    let bytes = this.#blocks.get(block);
    if (bytes === undefined) {
      bytes = new Uint8Array(BLOCK);
      this.#blocks.set(block, bytes);
    }
    return bytes;
  }
}

function eachBlock(
  start: number,
  end: number,
  visit: (block: number, from: number, to: number) => void,
): void {
  for (let at = start; at < end; ) {
    const block = Math.floor(at / BLOCK);
    const from = at - block * BLOCK;
    const to = Math.min(BLOCK, end - block * BLOCK);
    visit(block, from, to);
    at = block * BLOCK + to;
  }
}
