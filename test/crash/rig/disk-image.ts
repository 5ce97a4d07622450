/**
 * Content of a file that grows, copied as often as it takes: copies share every chunk that none of them has changed.
 *
 * @module
 */

/** A change of a file. */
export type DiskChange =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** Bytes that are shared or copied as one. */
const CHUNK = 64 * 1024;

/** See the head of this file. */
export class DiskImage {
  /** Chunks by number, all zero behind the end; where there is none, all is zero. */
  readonly #chunks = new Map<number, Uint8Array>();
  /** Numbers of the chunks that no copy has. */
  readonly #own = new Set<number>();
  #size = 0;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** The same content, to be changed by itself. */
  copy(): DiskImage {
    const copy = new DiskImage();
    for (const [number, chunk] of this.#chunks) copy.#chunks.set(number, chunk);
    copy.#size = this.#size;
    this.#own.clear();
    return copy;
  }

  /** Fills a piece, which must not go beyond the end, with what stands at an offset. */
  read(piece: Uint8Array, offset: number): void {
    for (const { number, from, start, end } of spansOf(offset, piece.length)) {
      const chunk = this.#chunks.get(number);
      if (chunk === undefined) piece.fill(0, from, from + end - start);
      else piece.set(chunk.subarray(start, end), from);
    }
  }

  apply(change: DiskChange): void {
    if (change.kind === "write") this.#write(change.bytes, change.offset);
    else this.#resize(change.size);
  }

  #write(bytes: Uint8Array, offset: number): void {
    for (const { number, from, start, end } of spansOf(offset, bytes.length)) {
      this.#ownChunk(number).set(bytes.subarray(from, from + end - start), start);
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  #resize(size: number): void {
    const last = Math.floor(size / CHUNK);
    if (size < this.#size) {
      for (const number of this.#chunks.keys()) if (number > last) this.#chunks.delete(number);
      if (this.#chunks.has(last)) this.#ownChunk(last).fill(0, size % CHUNK);
    }
    this.#size = size;
  }

  /** A chunk that may be changed. */
  #ownChunk(number: number): Uint8Array {
    const known = this.#chunks.get(number);
    if (known !== undefined && this.#own.has(number)) return known;
    const chunk = known?.slice() ?? new Uint8Array(CHUNK);
    this.#chunks.set(number, chunk);
    this.#own.add(number);
    return chunk;
  }
}

/** Part of one chunk, from `start` to `end`, and where it begins in the whole. */
interface Span {
  readonly number: number;
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

function* spansOf(offset: number, length: number): Generator<Span> {
  for (let from = 0; from < length; ) {
    const start = (offset + from) % CHUNK;
    const end = Math.min(CHUNK, start + length - from);
    yield { number: Math.floor((offset + from) / CHUNK), from, start, end };
    from += end - start;
  }
}
