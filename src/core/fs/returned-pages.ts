/**
 * Pages that came back from a snapshot: `(0, returned, chunk 6)` -> bitmap of 512 bytes (FORMAT.md §7.8).
 *
 * The generation of such a page does not tell which snapshots can see it: there may be some that were made while it was
 * gone. So its death frees nothing, and whoever removes a snapshot looks whether anything needs it still.
 *
 * @module
 */
import { getU48, putU48 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_NUMBER_END } from "../format/address.ts";
import type { PageRun } from "../pages/page-store.ts";
import { encodeKey, KEY_PREFIX, KeyKind, keyAfterKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";

/** Pages one record tells of. */
export const RETURNED_CHUNK: number = 4096;

const VALUE_SIZE: number = RETURNED_CHUNK / 8;

function keyOf(chunk: number): Uint8Array {
  const subkey = new Uint8Array(6);
  putU48(subkey, 0, chunk);
  return encodeKey(0, KeyKind.returned, subkey);
}

/** The pages that came back, as one transaction sees them. */
export class ReturnedPages {
  readonly #transaction: Transaction;
  #chunk = -1;
  #bits: Uint8Array | undefined;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  /** @param number - of a page */
  has(number: number): boolean {
    const chunk = Math.floor(number / RETURNED_CHUNK);
    if (chunk !== this.#chunk) {
      this.#bits = this.#transaction.get(keyOf(chunk));
      this.#chunk = chunk;
    }
    const byte = this.#bits?.[(number % RETURNED_CHUNK) >>> 3] ?? 0;
    return (byte & (1 << (number % 8))) !== 0;
  }

  /** Notes that pages came back. */
  add(runs: readonly PageRun[]): void {
    const chunks = new Map<number, number[]>();
    for (const { start, count } of runs) {
      for (let number = start; number < start + count; number++) {
        const chunk = Math.floor(number / RETURNED_CHUNK);
        const numbers = chunks.get(chunk);
        if (numbers === undefined) chunks.set(chunk, [number]);
        else numbers.push(number);
      }
    }
    for (const [chunk, numbers] of chunks) {
      const before = returnedFrom(this.#transaction, chunk * RETURNED_CHUNK);
      this.#transaction.put(keyOf(chunk), bitmapOf([...before, ...numbers]));
    }
    this.#chunk = -1;
  }
}

/** Numbers of the first pages of the chunks that have records. */
export function listReturned(transaction: Transaction): readonly number[] {
  const found: number[] = [];
  const from = encodeKey(0, KeyKind.returned);
  transaction.scan(from, keyAfterKind(0, KeyKind.returned), (key) => {
    found.push(getU48(key, KEY_PREFIX) * RETURNED_CHUNK);
    return true;
  });
  return found;
}

/** The pages of a chunk that came back, by number. */
export function returnedFrom(transaction: Transaction, first: number): readonly number[] {
  const key = keyOf(first / RETURNED_CHUNK);
  const value = transaction.get(key);
  return value === undefined ? [] : [...returnedIn(key, value)];
}

/**
 * The pages of a record, by number.
 * @throws FormatError RECORD_MALFORMED
 */
export function* returnedIn(key: Uint8Array, value: Uint8Array): Generator<number> {
  if (key.length !== KEY_PREFIX + 6 || value.length !== VALUE_SIZE) {
    throw new FormatError("RECORD_MALFORMED", `${value.length} bytes of returned pages`);
  }
  const first = getU48(key, KEY_PREFIX) * RETURNED_CHUNK;
  if (first >= PAGE_NUMBER_END) {
    throw new FormatError("RECORD_MALFORMED", `there is no page ${first} that came back`);
  }
  for (let bit = 0; bit < RETURNED_CHUNK; bit++) {
    if (((value[bit >>> 3] as number) & (1 << (bit & 7))) !== 0) yield first + bit;
  }
}

/** Keeps of a chunk's pages those that `isLeft` names; the record goes with its last page. */
export function filterReturned(
  transaction: Transaction,
  first: number,
  isLeft: (number: number) => boolean,
): void {
  const before = returnedFrom(transaction, first);
  const after = before.filter(isLeft);
  if (after.length === before.length) return;
  const key = keyOf(first / RETURNED_CHUNK);
  if (after.length === 0) transaction.delete(key);
  else transaction.put(key, bitmapOf(after));
}

function bitmapOf(numbers: readonly number[]): Uint8Array {
  const bits = new Uint8Array(VALUE_SIZE);
  for (const number of numbers) {
    const bit = number % RETURNED_CHUNK;
    bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
  }
  return bits;
}
