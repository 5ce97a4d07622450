/**
 * Where the bytes of drafts stand: a buffer that grows with its draft, so that small files cost little.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { PAGE_SIZE } from "../base/limits.ts";

/** Room of most small files, which has buffers of its own: memory outside of the heap takes long to get. */
const SMALL_ROOM = 4096;

/** Such buffers kept for good: 16 MiB. */
const SMALL_ROOMS = 4096;

/** Smallest room charged for a draft, bytes. */
const SMALLEST = 512;

/** The next power of two: growing costs little, and the sum bounds what packing the drafts needs. */
export function roomFor(length: number): number {
  let room = SMALLEST;
  while (room < length) room *= 2;
  return room;
}

/** Gives and takes the buffers of one file system. */
export class DraftRooms {
  readonly #blocks: BufferPool;
  /** Buffers of {@link SMALL_ROOM} bytes. */
  readonly small: BufferPool;

  /** @param blocks - give room for whole blocks */
  constructor(blocks: BufferPool) {
    this.#blocks = blocks;
    this.small = blocks.ofSize(SMALL_ROOM, SMALL_ROOMS);
  }

  /** So many bytes, with anything in them. */
  take(length: number): Uint8Array {
    const room = roomFor(length);
    if (room >= PAGE_SIZE) return this.#blocks.take().subarray(0, length);
    return room === SMALL_ROOM ? this.small.take().subarray(0, length) : new Uint8Array(length);
  }

  /** A copy as long as the content. */
  copy(content: Uint8Array): Uint8Array {
    const bytes = this.take(content.length);
    bytes.set(content);
    return bytes;
  }

  hold(bytes: Uint8Array): void {
    this.#blocks.hold(bytes);
    this.small.hold(bytes);
  }

  giveBack(bytes: Uint8Array): void {
    this.#blocks.giveBack(bytes);
    this.small.giveBack(bytes);
  }
}
