/**
 * Buffers of one size, used again and again: a fresh one of 64 KiB costs page faults and, by its weight, a collection of
 * garbage for every few hundred.
 *
 *     take --> held by one or more --the last gives it back--> rests --the turn of the event loop ends--> taken again
 *
 * 1. Whoever keeps bytes of a buffer beyond the turn in which it got them is a holder. Others only borrow: until that
 *    turn ends they may read on, also when the last holder has given the buffer back meanwhile.
 * 2. A buffer that its holders forget is left to the garbage collector. Bytes that were not taken from a pool may be
 *    held and given back all the same, which does nothing.
 *
 * @module
 */

/** Calls `body` when the turn of the event loop has ended, its microtasks included. */
export type AfterTurn = (body: () => void) => void;

/** Buffers kept that nobody holds. */
const FREE_MAX = 256;

export class BufferPool {
  /** Bytes of each buffer. */
  readonly size: number;
  readonly #afterTurn: AfterTurn;
  readonly #holders = new WeakMap<ArrayBufferLike, number>();
  readonly #free: Uint8Array[] = [];
  #resting: ArrayBufferLike[] = [];

  constructor(size: number, afterTurn: AfterTurn) {
    this.size = size;
    this.#afterTurn = afterTurn;
  }

  /** A whole buffer with anything in it, held by the caller. */
  take(): Uint8Array {
    const bytes = this.#free.pop() ?? new Uint8Array(this.size);
    this.#holders.set(bytes.buffer, 1);
    return bytes;
  }

  /** Makes the caller one more holder of the buffer that bytes stand in. */
  hold({ buffer }: Uint8Array): void {
    const holders = this.#holders.get(buffer);
    if (holders !== undefined) this.#holders.set(buffer, holders + 1);
  }

  /** A holder of the buffer that bytes stand in needs it no more. */
  giveBack({ buffer }: Uint8Array): void {
    const holders = this.#holders.get(buffer);
    if (holders === undefined) return;
    if (holders > 1) {
      this.#holders.set(buffer, holders - 1);
      return;
    }
    this.#holders.delete(buffer);
    this.#resting.push(buffer);
    if (this.#resting.length === 1) this.#afterTurn(() => this.#release());
  }

  #release(): void {
    for (const buffer of this.#resting) {
      if (this.#free.length < FREE_MAX) this.#free.push(new Uint8Array(buffer));
    }
    this.#resting = [];
  }
}
