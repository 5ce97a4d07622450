/**
 * Records by key in order, in memory: what a tree is, without being one.
 *
 * @module
 */

/** One record; its arrays belong to whoever made it. */
export interface SortedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** See the head of this file. */
export class SortedRecords implements Iterable<SortedRecord> {
  readonly #records: Map<string, SortedRecord>;
  readonly #names: string[];

  constructor(from?: SortedRecords) {
    this.#records = new Map([...(from ?? [])].map((record) => [nameOf(record.key), record]));
    this.#names = [...this.#records.keys()];
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#records.get(nameOf(key))?.value;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const name = nameOf(key);
    if (!this.#records.has(name)) this.#names.splice(this.#position(name), 0, name);
    this.#records.set(name, { key: key.slice(), value: value.slice() });
  }

  delete(key: Uint8Array): void {
    const name = nameOf(key);
    if (this.#records.delete(name)) this.#names.splice(this.#position(name), 1);
  }

  /** Records with `from <= key < to`, in order. */
  *between(from: Uint8Array, to: Uint8Array): Generator<SortedRecord> {
    const end = nameOf(to);
    for (let i = this.#position(nameOf(from)); i < this.#names.length; i++) {
      const name = this.#names[i] as string;
      if (name >= end) return;
      yield this.#records.get(name) as SortedRecord;
    }
  }

  /** The last record with `from <= key <= to`. */
  last(from: Uint8Array, to: Uint8Array): SortedRecord | undefined {
    const own = this.#records.get(nameOf(to));
    if (own !== undefined) return own;
    const name = this.#names[this.#position(nameOf(to)) - 1];
    return name === undefined || name < nameOf(from) ? undefined : this.#records.get(name);
  }

  *[Symbol.iterator](): Generator<SortedRecord> {
    for (const name of this.#names) yield this.#records.get(name) as SortedRecord;
  }

  /** Where a name stands, or would stand. */
  #position(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Bytes as a string that sorts as they do. */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
