/**
 * An input taken apart into values, for targets whose decoders take more than one array of bytes.
 *
 * @module
 */
import { putU32 } from "../../src/core/base/bytes.ts";
import { crc32c } from "../../src/core/base/crc32c.ts";

const CHECKSUM_SIZE = 4;

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

/** A run that also checks its input with the CRC-32C in its last bytes put right. */
export function alsoSummed(check: (input: Uint8Array) => void): (input: Uint8Array) => void {
  return (input) => {
    check(input);
    const end = input.length - CHECKSUM_SIZE;
    if (end < 0) return;
    putU32(input, end, crc32c(input, 0, end));
    check(input);
  };
}
