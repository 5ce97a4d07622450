/**
 * A file in memory that can be made as it was before.
 *
 * @module
 */
import type { HostFile } from "../../../src/stores/file/host-file.ts";

/** Bytes by which the file may grow. */
const GROWTH = 4 * 2 ** 20;

/** See the head of this file. */
export class MemoryFile implements HostFile {
  readonly #original: Uint8Array;
  readonly #bytes: Uint8Array;
  #size: number;
  /** Bytes that are not as they were: from, and one past the last. */
  #changed: (readonly [number, number])[] = [];

  /** @param original - taken over */
  constructor(original: Uint8Array) {
    this.#original = original;
    this.#bytes = new Uint8Array(original.length + GROWTH);
    this.#bytes.set(original);
    this.#size = original.length;
  }

  get size(): number {
    return this.#size;
  }

  /** A copy of what stands somewhere, with zeros behind the end of the file. */
  slice(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.read([bytes], offset);
    return bytes;
  }

  /** Undoes every change. */
  restore(): void {
    for (const [from, to] of this.#changed) {
      this.#bytes.fill(0, from, to).set(this.#original.subarray(from, to), from);
    }
    this.#changed = [];
    this.#size = this.#original.length;
  }

  read(pieces: readonly Uint8Array[], offset: number): number {
    let read = 0;
    for (const piece of pieces) {
      const from = Math.min(offset + read, this.#size);
      const part = this.#bytes.subarray(from, Math.min(this.#size, from + piece.length));
      piece.set(part);
      read += part.length;
    }
    return read;
  }

  async readPooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return this.read(pieces, offset);
  }

  async readScatteredPooled(
    pieces: readonly Uint8Array[],
    offsets: readonly number[],
  ): Promise<ArrayLike<number>> {
    return pieces.map((piece, i) => this.read([piece], offsets[i] as number));
  }

  write(pieces: readonly Uint8Array[], offset: number): number {
    let at = offset;
    for (const piece of pieces) {
      if (at + piece.length > this.#bytes.length) {
        throw Object.assign(new Error("the file is full"), { code: "ENOSPC" });
      }
      this.#bytes.set(piece, at);
      at += piece.length;
    }
    this.#changed.push([offset, at]);
    this.#size = Math.max(this.#size, at);
    return at - offset;
  }

  async writePooled(pieces: readonly Uint8Array[], offset: number): Promise<number> {
    return this.write(pieces, offset);
  }

  sync(): void {}

  async syncPooled(): Promise<void> {}

  truncate(size: number): void {
    const kept = Math.min(size, this.#bytes.length);
    this.#bytes.fill(0, kept, this.#size);
    this.#changed.push([kept, this.#size]);
    this.#size = kept;
  }

  close(): void {}
}
