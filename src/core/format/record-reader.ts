/**
 * Reads the fields of a record in order, checking every bound: records may come from a hostile or damaged vault.
 *
 * @module
 */
import { getU16, getU32, getU48, getU64 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { getTime, isTimeAt, TIME_SIZE, type Time } from "../base/time.ts";
import { getPointer, isAddress, type PagePointer, POINTER_SIZE } from "./address.ts";

/** A position in a record. Every method throws FormatError RECORD_MALFORMED when the record ends too early. */
export class RecordReader {
  readonly #record: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  /**
   * @param record - what messages call it
   * @param bytes - borrowed
   */
  constructor(record: string, bytes: Uint8Array) {
    this.#record = record;
    this.#bytes = bytes;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#skip(1)] as number;
  }

  u16(): number {
    return getU16(this.#bytes, this.#skip(2));
  }

  u32(): number {
    return getU32(this.#bytes, this.#skip(4));
  }

  u48(): number {
    return getU48(this.#bytes, this.#skip(6));
  }

  /** A 64-bit number that must be a safe integer. */
  u64(): number {
    const value = getU64(this.#bytes, this.#skip(8));
    if (!Number.isSafeInteger(value)) throw this.malformed(`number ${value} is too large`);
    return value;
  }

  time(): Time {
    const at = this.#skip(TIME_SIZE);
    const time = getTime(this.#bytes, at);
    if (isTimeAt(this.#bytes, at)) return time;
    throw this.malformed(`time ${time.sec} s ${time.nsec} ns is out of bounds`);
  }

  /** A pointer to a page. */
  pointer(): PagePointer {
    const pointer = getPointer(this.#bytes, this.#skip(POINTER_SIZE));
    if (pointer.generation === 0 || !isAddress(pointer.address)) {
      throw this.malformed(`page ${pointer.address} of generation ${pointer.generation} cannot be`);
    }
    return pointer;
  }

  /** A pointer, or undefined where twelve zero bytes stand. */
  optionalPointer(): PagePointer | undefined {
    const { address, generation } = getPointer(this.#bytes, this.#skip(POINTER_SIZE));
    if (address === 0 && generation === 0) return undefined;
    this.#at -= POINTER_SIZE;
    return this.pointer();
  }

  /** The next bytes, copied. */
  bytes(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.slice(at, at + length);
  }

  /** Steps over bytes that have no meaning in this version. */
  reserved(length: number): void {
    this.#skip(length);
  }

  /** A reader of the next bytes alone. */
  part(record: string, length: number): RecordReader {
    const at = this.#skip(length);
    return new RecordReader(record, this.#bytes.subarray(at, at + length));
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.remaining !== 0) throw this.malformed(`${this.remaining} bytes too many`);
  }

  /** The error for a field that stands before the current position. */
  malformed(reason: string): FormatError {
    return new FormatError(
      "RECORD_MALFORMED",
      `${this.#record} is malformed before byte ${this.#at}: ${reason}`,
    );
  }

  #skip(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw this.malformed("it is cut short");
    this.#at = at + length;
    return at;
  }
}
