/**
 * Bytes of attachments, by attachment id.
 *
 * @module
 */

/** A place for attachments. */
export interface Blobs {
  /** Keeps `bytes`, which the caller does not change afterwards. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** @returns bytes `start` to `end - 1`, or undefined when there is no such attachment */
  read(id: string, start: number, end: number): Promise<Uint8Array | undefined>;
  remove(id: string): Promise<void>;
}

/** Attachments in memory. */
export class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<string, Uint8Array>();

  async put(id: string, bytes: Uint8Array): Promise<void> {
    this.#blobs.set(id, bytes);
  }

  async read(id: string, start: number, end: number): Promise<Uint8Array | undefined> {
    return this.#blobs.get(id)?.subarray(start, end);
  }

  async remove(id: string): Promise<void> {
    this.#blobs.delete(id);
  }
}
