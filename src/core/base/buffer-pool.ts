/**
 * Buffers of one size, used again and again: a fresh one of 64 KiB costs page faults and, by its weight, a collection of
 * garbage for every few hundred.
 *
 *     take --> held by one or more --the last gives it back--> rests --the turn of the event loop ends--> taken again
 *
 * 1. Whoever keeps bytes of a buffer beyond the turn in which it got them is a holder. Others only borrow: until that
 *    turn ends they may read on, also when the last holder has given the buffer back meanwhile.
 * 2. Buffers are cut from slabs, each of which is one array to the garbage collector and large enough for huge pages. A
 *    pool that has grown beyond that makes further ones singly.
 * 3. A buffer that its holders forget is lost to the pool, and if it was made singly left to the garbage collector. Bytes
 *    that were not taken from a pool may be held and given back all the same, which does nothing.
 *
 * @module
 */

/** Calls `body` when the turn of the event loop has ended, its microtasks included. */
export type AfterTurn = (body: () => void) => void;

/** Makes zeroed memory that will be kept for long. */
export type MakeMemory = (bytes: number) => Uint8Array;

/** What a pool stands on. */
export interface BufferPoolParts {
  readonly afterTurn: AfterTurn;
  readonly memory: MakeMemory;
}

/** Buffers of the first slab; each later one has twice as many as the one before, up to the most. */
const SLAB_MIN = 16;
const SLAB_MAX = 256;

/** Buffers in slabs unless told otherwise: 128 MiB of pages. */
const IN_SLABS_MAX = 2048;

/** Single buffers are kept only as long as no more than this are free. */
const FREE_MAX = 256;

/** Buffers that stand one behind the other in one array. */
interface Slab {
  readonly buffers: readonly Uint8Array[];
  /** Of each buffer. */
  readonly holders: Uint32Array;
}

/** One buffer of a slab. */
interface Place {
  readonly slab: Slab;
  readonly index: number;
}

export class BufferPool {
  /** Bytes of each buffer. */
  readonly size: number;
  readonly #parts: BufferPoolParts;
  readonly #inSlabsMax: number;
  readonly #slabs = new WeakMap<ArrayBufferLike, Slab>();
  readonly #free: Place[] = [];
  #resting: Place[] = [];
  #slabLength = SLAB_MIN;
  #inSlabs = 0;

  /** @param inSlabsMax - buffers that are kept for good */
  constructor(size: number, parts: BufferPoolParts, inSlabsMax: number = IN_SLABS_MAX) {
    this.size = size;
    this.#parts = parts;
    this.#inSlabsMax = inSlabsMax;
  }

  /** Another pool of buffers of another size. */
  ofSize(size: number, inSlabsMax: number): BufferPool {
    return new BufferPool(size, this.#parts, inSlabsMax);
  }

  /** A whole buffer with anything in it, held by the caller. */
  take(): Uint8Array {
    const place = this.#free.pop() ?? this.#grow();
    place.slab.holders[place.index] = 1;
    return place.slab.buffers[place.index] as Uint8Array;
  }

  /** Makes buffers. @returns one; the others are free */
  #grow(): Place {
    const isFull = this.#inSlabs + this.#slabLength > this.#inSlabsMax;
    const count = isFull ? 1 : this.#slabLength;
    const { buffer, byteOffset } = isFull
      ? new Uint8Array(this.size)
      : this.#parts.memory(count * this.size);
    const buffers = Array.from(
      { length: count },
      (_, i) => new Uint8Array(buffer, byteOffset + i * this.size, this.size),
    );
    const slab = { buffers, holders: new Uint32Array(count) };
    this.#slabs.set(buffer, slab);
    for (let index = count - 1; index > 0; index--) this.#free.push({ slab, index });
    if (!isFull) {
      this.#inSlabs += count;
      this.#slabLength = Math.min(2 * count, SLAB_MAX);
    }
    return { slab, index: 0 };
  }

  /** Makes the caller one more holder of the buffer that bytes stand in. */
  hold(bytes: Uint8Array): void {
    const slab = this.#slabs.get(bytes.buffer);
    if (slab === undefined) return;
    const index = this.#indexOf(slab, bytes);
    const holders = slab.holders[index] as number;
    if (holders > 0) slab.holders[index] = holders + 1;
  }

  /** A holder of the buffer that bytes stand in needs it no more. */
  giveBack(bytes: Uint8Array): void {
    const slab = this.#slabs.get(bytes.buffer);
    if (slab === undefined) return;
    const index = this.#indexOf(slab, bytes);
    const holders = slab.holders[index] as number;
    if (holders === 0) return;
    slab.holders[index] = holders - 1;
    if (holders > 1) return;
    this.#resting.push({ slab, index });
    if (this.#resting.length === 1) this.#parts.afterTurn(() => this.#release());
  }

  /** Memory that bytes keep from other use: of a buffer all of it. */
  weightOf(bytes: Uint8Array): number {
    return this.#slabs.has(bytes.buffer) ? this.size : bytes.buffer.byteLength;
  }

  #indexOf(slab: Slab, bytes: Uint8Array): number {
    const [first] = slab.buffers as [Uint8Array];
    return Math.floor((bytes.byteOffset - first.byteOffset) / this.size);
  }

  #release(): void {
    for (const place of this.#resting) {
      const isSingle = place.slab.buffers.length === 1;
      if (!isSingle || this.#free.length < FREE_MAX) this.#free.push(place);
    }
    this.#resting = [];
  }
}
