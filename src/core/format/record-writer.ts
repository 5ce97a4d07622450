/**
 * Writes the fields of a record in order; the counterpart of RecordReader.
 *
 * @module
 */
import { putU16, putU32, putU48, putU64 } from "../base/bytes.ts";
import { putTime, TIME_SIZE, type Time } from "../base/time.ts";
import { type PagePointer, POINTER_SIZE, putPointer } from "./address.ts";

const FIRST_CAPACITY = 512;

/** A record that grows. */
export class RecordWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** @param capacity - bytes after which it grows; a record of that length is not copied */
  constructor(capacity: number = FIRST_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
  }

  u8(value: number): void {
    const at = this.#extend(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#extend(2);
    putU16(this.#bytes, at, value);
  }

  u32(value: number): void {
    const at = this.#extend(4);
    putU32(this.#bytes, at, value);
  }

  u48(value: number): void {
    const at = this.#extend(6);
    putU48(this.#bytes, at, value);
  }

  u64(value: number): void {
    const at = this.#extend(8);
    putU64(this.#bytes, at, value);
  }

  time(time: Time): void {
    const at = this.#extend(TIME_SIZE);
    putTime(this.#bytes, at, time);
  }

  /** A pointer; twelve zero bytes stand for none. */
  pointer(pointer: PagePointer | undefined): void {
    const at = this.#extend(POINTER_SIZE);
    if (pointer !== undefined) putPointer(this.#bytes, at, pointer);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#extend(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Zero bytes, kept for later. */
  reserved(length: number): void {
    this.#extend(length);
  }

  /** The record so far, in an array of its own; nothing is written afterwards. */
  finish(): Uint8Array {
    const isFull = this.#length === this.#bytes.length;
    return isFull ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  #extend(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = needed;
    return at;
  }
}
