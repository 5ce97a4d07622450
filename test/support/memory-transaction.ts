/**
 * One run of a transaction function of a {@link MemoryVault}.
 *
 * @module
 */
import type { PagePointer } from "../../src/core/format/address.ts";
import { TREE_VALUE_MAX } from "../../src/core/tree/node.ts";
import type { Transaction, TreeRecord } from "../../src/core/vault/transaction.ts";
import type { MemoryVault } from "./memory-vault.ts";
import { nameOf } from "./sorted-records.ts";

/** Something is not resident: of no type that a file system could know. */
export class Fault {
  readonly what = "not resident";
}

/** Bytes that no borrower should ever see. */
const GARBAGE = 0xa5;

/** What is resident. */
export interface RandomResidence {
  /** Called with the name of what is used; throws a {@link Fault} when it is not resident. */
  readonly fault: (name: string) => void;
  /** Whether a page is to be had soon, but not resident. */
  readonly isNear: () => boolean;
}

/** See the head of this file. */
export class MemoryTransaction implements Transaction {
  readonly released: PagePointer[] = [];
  lastIno: number;
  inodes = 0;
  readonly effects: (() => void)[] = [];
  readonly #vault: MemoryVault;
  readonly #residence: RandomResidence;
  readonly #changes = new Map<string, readonly [Uint8Array, Uint8Array | undefined]>();
  readonly #lent: Uint8Array[] = [];

  constructor(vault: MemoryVault, residence: RandomResidence, nextIno: number) {
    this.#vault = vault;
    this.#residence = residence;
    this.lastIno = nextIno - 1;
  }

  #fault(name: string): void {
    this.#residence.fault(name);
  }

  get isChange(): boolean {
    return this.#changes.size > 0 || this.released.length > 0;
  }

  changes(): Iterable<readonly [Uint8Array, Uint8Array | undefined]> {
    return this.#changes.values();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#fault(`record ${nameOf(key)}`);
    const change = this.#changes.get(nameOf(key));
    const value = change === undefined ? this.#vault.records.get(key) : change[1];
    return value === undefined ? undefined : this.#lend(value);
  }

  scan(
    from: Uint8Array,
    to: Uint8Array,
    visit: (key: Uint8Array, value: Uint8Array) => boolean,
  ): void {
    this.#fault(`records from ${nameOf(from)}`);
    for (const record of this.#vault.records.between(from, to)) {
      const key = record.key.slice();
      const value = record.value.slice();
      const goesOn = visit(key, value);
      key.fill(GARBAGE);
      value.fill(GARBAGE);
      if (!goesOn) return;
    }
  }

  farPage(): undefined {
    return undefined;
  }

  last(from: Uint8Array, to: Uint8Array): TreeRecord | undefined {
    this.#fault(`last record up to ${nameOf(to)}`);
    const record = this.#vault.records.last(from, to);
    return record && { key: record.key.slice(), value: record.value.slice() };
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (value.length > TREE_VALUE_MAX) throw new Error(`a value of ${value.length} bytes`);
    this.#changes.set(nameOf(key), [key, value]);
  }

  delete(key: Uint8Array): void {
    this.#changes.set(nameOf(key), [key, undefined]);
  }

  page(pageClass: "data" | "pack", pointer: PagePointer): Uint8Array {
    this.#fault(`page ${pointer.address}`);
    const page = this.#vault.page(pointer);
    if (page.pageClass !== pageClass) throw new Error(`page ${pointer.address} is no ${pageClass}`);
    return page.payload;
  }

  distance(): "resident" | "near" {
    return this.#residence.isNear() ? "near" : "resident";
  }

  retire(pointer: PagePointer): void {
    this.release(pointer);
  }

  release(pointer: PagePointer): void {
    this.released.push({ address: pointer.address, generation: pointer.generation });
  }

  onApplied(body: () => void): void {
    this.effects.push(body);
  }

  nextIno(): number {
    this.lastIno += 1;
    return this.lastIno;
  }

  countInodes(change: number): void {
    this.inodes += change;
  }

  #lend(value: Uint8Array): Uint8Array {
    const lent = value.slice();
    this.#lent.push(lent);
    return lent;
  }

  /** The function has returned: what it borrowed is worth nothing any more. */
  takeBack(): void {
    for (const lent of this.#lent) lent.fill(GARBAGE);
  }
}
