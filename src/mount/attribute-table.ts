/**
 * Has the channel answer for attributes by itself: they go into a table that it reads (`native-shim/known-attributes.h`), each
 * inode to the one place its number leads to.
 *
 *     offset  bytes  field
 *     0       8      inode; 0 where nothing is known
 *     8       8      size, as it is shown
 *     16      8      sectors, as they are shown
 *     24      8      -
 *     32      96     inode as it is stored (FORMAT.md §7.1)
 *
 * Numbers are doubles of this machine. A table, since a write of it costs a small part of a call.
 *
 * @module
 */
import type { AttributeHolder, StoredInode } from "../core/fs/attribute-holder.ts";

const SLOT = 128;
const SLOT_NUMBERS = SLOT / Float64Array.BYTES_PER_ELEMENT;
const SIZE = 1;
const SECTORS = 2;
const RECORD = 32;

export class AttributeTable implements AttributeHolder {
  readonly #bytes: Uint8Array;
  readonly #numbers: Float64Array;
  readonly #slots: number;

  /** @param bytes - of the channel, zero at first; borrowed for good */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#slots = bytes.length / SLOT;
    this.#numbers = new Float64Array(bytes.buffer, bytes.byteOffset, this.#slots * SLOT_NUMBERS);
  }

  tell(inode: StoredInode, unmapped: number): void {
    const slot = inode.ino % this.#slots;
    const at = slot * SLOT_NUMBERS;
    this.#numbers[at] = inode.ino;
    this.#numbers[at + SIZE] = inode.shownSize;
    this.#numbers[at + SECTORS] = inode.shownSectors(unmapped);
    this.#bytes.set(inode.bytes, slot * SLOT + RECORD);
  }

  holds(ino: number): boolean {
    return this.#numbers[(ino % this.#slots) * SLOT_NUMBERS] === ino;
  }

  recall(ino: number): void {
    if (this.holds(ino)) this.#numbers[(ino % this.#slots) * SLOT_NUMBERS] = 0;
  }

  recallAll(): void {
    for (let slot = 0; slot < this.#slots; slot++) this.#numbers[slot * SLOT_NUMBERS] = 0;
  }
}
