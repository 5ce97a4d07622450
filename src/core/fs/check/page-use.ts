/**
 * Which pages are reached: one bit a page number, in chunks that are made as they are needed, since a damaged TOC may lead to
 * any number.
 *
 * @module
 */

/** Pages of a chunk. */
const CHUNK = 2 ** 15;

export class PageUse {
  readonly #chunks = new Map<number, Uint8Array>();
  #count = 0;
  #end = 0;

  /** Pages reached so far. */
  get count(): number {
    return this.#count;
  }

  /** One past the highest page reached. */
  get end(): number {
    return this.#end;
  }

  /** @returns whether the page was reached before */
  reach(number: number): boolean {
    const chunk = this.#chunkOf(number);
    const byte = (number % CHUNK) >>> 3;
    const mask = 1 << (number % 8);
    const before = chunk[byte] as number;
    if ((before & mask) !== 0) return true;
    chunk[byte] = before | mask;
    this.#count += 1;
    this.#end = Math.max(this.#end, number + 1);
    return false;
  }

  has(number: number): boolean {
    const byte = this.#chunks.get(Math.floor(number / CHUNK))?.[(number % CHUNK) >>> 3] ?? 0;
    return (byte & (1 << (number % 8))) !== 0;
  }

  #chunkOf(number: number): Uint8Array {
    const index = Math.floor(number / CHUNK);
    const known = this.#chunks.get(index);
    if (known !== undefined) return known;
    const chunk = new Uint8Array(CHUNK / 8);
    this.#chunks.set(index, chunk);
    return chunk;
  }
}
