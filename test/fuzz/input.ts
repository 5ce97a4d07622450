/**
 * An input taken apart into values, for targets whose decoders take more than one array of bytes.
 *
 * @module
 */

/** Reads values off an input; behind its end everything is zero and empty. */
export class Input {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  /** A part with its length before it, copied. */
  part(): Uint8Array {
    return this.#take(this.u16());
  }

  /** As {@link part}, of up to 255 bytes. */
  shortPart(): Uint8Array {
    return this.#take(this.u8());
  }

  rest(): Uint8Array {
    return this.#take(this.#bytes.length);
  }

  #take(length: number): Uint8Array {
    const part = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += part.length;
    return part;
  }
}

/** Bytes that {@link Input.part} reads. */
export function asPart(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(bytes.length >>> 8, bytes.length & 0xff, ...bytes);
}
