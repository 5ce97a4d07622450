/**
 * Parts of a block that were written before the rest of it was read. They stand in small rooms, each for its own stretch of
 * the block, so that scattered small writes take little memory.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { ByteRanges } from "../base/byte-ranges.ts";
import { PAGE_SIZE } from "../base/limits.ts";

/** Bytes of a block, and where in it they stand. */
export interface BlockPiece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export class BlockParts {
  readonly #rooms: BufferPool;
  /** By number of the stretch; only what {@link #written} says counts. */
  readonly #stretches = new Map<number, Uint8Array>();
  readonly #written = new ByteRanges();

  /** @param rooms - of a size that divides PAGE_SIZE */
  constructor(rooms: BufferPool) {
    this.#rooms = rooms;
  }

  /** Memory they take. */
  get bytes(): number {
    return this.#stretches.size * this.#rooms.size;
  }

  /** Parts that do not touch each other. */
  get count(): number {
    return this.#written.count;
  }

  /** End of the last one. */
  get end(): number {
    return this.#written.end;
  }

  /** Whether the whole block was written. */
  get isWhole(): boolean {
    return this.has(0, PAGE_SIZE);
  }

  /** Whether all of `from <= byte < end` was written. */
  has(from: number, end: number): boolean {
    return this.#written.has(from, end);
  }

  /** @param part - copied */
  write(at: number, part: Uint8Array): void {
    const end = at + part.length;
    this.#written.add(at, end);
    this.#visit(at, end, (stretch, from, to) => {
      stretch.set(part.subarray(from - at, to - at), from % this.#rooms.size);
    });
  }

  /** What was written at `from <= byte < end`, all of it; borrowed. */
  read(from: number, end: number): Uint8Array {
    const { size } = this.#rooms;
    const first = this.#stretches.get(Math.floor(from / size));
    const at = from % size;
    if (first !== undefined && at + end - from <= size) return first.subarray(at, at + end - from);
    const copy = new Uint8Array(end - from);
    this.#copyTo(copy, from, from, end);
    return copy;
  }

  /** What of `from <= byte < end` was written, in pieces that rise; borrowed. */
  *pieces(from = 0, end: number = PAGE_SIZE): Iterable<BlockPiece> {
    const { size } = this.#rooms;
    for (const [start, stop] of this.#written.all()) {
      const to = Math.min(stop, end);
      for (let at = Math.max(start, from); at < to; ) {
        const length = Math.min(to - at, size - (at % size));
        yield { at, bytes: this.read(at, at + length) };
        at += length;
      }
    }
  }

  /** Puts what was written over the content of the block. */
  putOver(block: Uint8Array): void {
    for (const [from, end] of this.#written.all()) this.#copyTo(block, 0, from, end);
  }

  /** Gives the memory back. */
  free(): void {
    for (const stretch of this.#stretches.values()) this.#rooms.giveBack(stretch);
    this.#stretches.clear();
  }

  /** @param begin - byte of the block that `target` begins with */
  #copyTo(target: Uint8Array, begin: number, from: number, end: number): void {
    const { size } = this.#rooms;
    this.#visit(from, end, (stretch, start, to) => {
      const at = start % size;
      target.set(stretch.subarray(at, at + to - start), start - begin);
    });
  }

  /** Visits the rooms of a range, made where there are none, with what of it stands in each. */
  #visit(
    from: number,
    end: number,
    visit: (stretch: Uint8Array, from: number, to: number) => void,
  ): void {
    const { size } = this.#rooms;
    for (let number = Math.floor(from / size); number * size < end; number++) {
      let stretch = this.#stretches.get(number);
      if (stretch === undefined) {
        stretch = this.#rooms.take();
        this.#stretches.set(number, stretch);
      }
      visit(stretch, Math.max(from, number * size), Math.min(end, (number + 1) * size));
    }
  }
}
