/**
 * Which pages are reached: one bit a page number.
 *
 * @module
 */

const FIRST_BYTES = 4096;

export class PageUse {
  #bits = new Uint8Array(FIRST_BYTES);
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
    const byte = Math.floor(number / 8);
    if (byte >= this.#bits.length) this.#grow(byte + 1);
    const mask = 1 << (number % 8);
    const before = this.#bits[byte] as number;
    if ((before & mask) !== 0) return true;
    this.#bits[byte] = before | mask;
    this.#count += 1;
    this.#end = Math.max(this.#end, number + 1);
    return false;
  }

  has(number: number): boolean {
    const byte = this.#bits[Math.floor(number / 8)] ?? 0;
    return (byte & (1 << (number % 8))) !== 0;
  }

  #grow(bytes: number): void {
    let length = this.#bits.length;
    while (length < bytes) length *= 2;
    const grown = new Uint8Array(length);
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
