/**
 * The way back from pages that several files may have to their runs: `(0, shared, page address 6 | inode 8 | block 6)` ->
 * generation 6, count 4 (FORMAT.md §7.7), so that the death of a page's last user is seen without counting.
 *
 * A shared run has at most {@link SHARED_MAX} pages, so all that may reach a page begin not far before it. One object
 * serves one transaction, as in `piece-references.ts`.
 *
 * @module
 */
import { getU32, getU48, getU64, putU32, putU48, putU64 } from "../base/bytes.ts";
import { addressOf, pageNumber } from "../format/address.ts";
import { encodeKey, KEY_PREFIX, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { type RunExtent, SHARED_MAX } from "./extent.ts";
import type { ReturnedPages } from "./returned-pages.ts";

const ADDRESS_SIZE = 6;
const SUBKEY_SIZE = 20;
const VALUE_SIZE = 10;

/** Pages by number, `start <= number < end`. */
interface PageRange {
  readonly start: number;
  readonly end: number;
}

/** The first key of a run that begins at a page. */
function firstKey(page: number): Uint8Array {
  const subkey = new Uint8Array(ADDRESS_SIZE);
  putU48(subkey, 0, addressOf(page));
  return encodeKey(0, KeyKind.shared, subkey);
}

function runKey(ino: number, run: RunExtent): Uint8Array {
  const subkey = new Uint8Array(SUBKEY_SIZE);
  putU48(subkey, 0, run.address);
  putU64(subkey, 6, ino);
  putU48(subkey, 14, run.block);
  return encodeKey(0, KeyKind.shared, subkey);
}

/** Blocks of a file that stand in shared pages. */
export interface SharedRun {
  readonly ino: number;
  readonly block: number;
  /** Number of the first page. */
  readonly start: number;
  readonly count: number;
}

/** The shared runs that have pages of a range, as they were when the transaction began. */
export function sharedRunsIn(transaction: Transaction, range: PageRange): readonly SharedRun[] {
  const runs: SharedRun[] = [];
  const from = firstKey(Math.max(0, range.start - SHARED_MAX + 1));
  transaction.scan(from, firstKey(range.end), (key, value) => {
    const start = pageNumber(getU48(key, KEY_PREFIX));
    const count = getU32(value, 6);
    const ino = getU64(key, KEY_PREFIX + ADDRESS_SIZE);
    const block = getU48(key, KEY_PREFIX + ADDRESS_SIZE + 8);
    if (start + count > range.start) runs.push({ ino, block, start, count });
    return true;
  });
  return runs;
}

/** Shared runs that one transaction adds and removes. */
export class SharedRuns {
  readonly #transaction: Transaction;
  readonly #returned: ReturnedPages;
  readonly #added: Uint8Array[] = [];
  readonly #removed: (PageRange & { readonly generation: number })[] = [];

  constructor(transaction: Transaction, returned: ReturnedPages) {
    this.#transaction = transaction;
    this.#returned = returned;
  }

  /** Notes that blocks of `ino` now stand in a shared run. */
  add(ino: number, run: RunExtent): void {
    const key = runKey(ino, run);
    const value = new Uint8Array(VALUE_SIZE);
    putU48(value, 0, run.generation);
    putU32(value, 6, run.count);
    this.#transaction.put(key, value);
    this.#added.push(key);
  }

  /** Notes that blocks of `ino` no longer stand in a shared run; comes before what is added in its place. */
  remove(ino: number, run: RunExtent): void {
    this.#transaction.delete(runKey(ino, run));
    const start = pageNumber(run.address);
    this.#removed.push({ start, end: start + run.count, generation: run.generation });
  }

  /** Releases the pages that lost their last user; call once, after all changes. */
  settle(): void {
    let done = 0;
    for (const { start, end, generation } of this.#removed.sort((a, b) => a.start - b.start)) {
      const from = Math.max(start, done);
      if (from < end) this.#releaseUnused({ start: from, end }, generation);
      done = Math.max(done, end);
    }
  }

  #releaseUnused(range: PageRange, generation: number): void {
    let page = range.start;
    const releaseUpTo = (end: number): void => {
      for (; page < end; page++) {
        if (this.#returned.has(page)) continue;
        this.#transaction.release({ address: addressOf(page), generation });
      }
    };
    for (const user of this.#usersOf(range)) {
      releaseUpTo(Math.min(user.start, range.end));
      page = Math.max(page, user.end);
    }
    releaseUpTo(range.end);
  }

  /** The runs that have pages of a range once this transaction is done, in order. */
  #usersOf(range: PageRange): readonly PageRange[] {
    const users: PageRange[] = [];
    const learn = (key: Uint8Array): void => {
      const value = this.#transaction.get(key);
      if (value === undefined) return;
      const start = pageNumber(getU48(key, KEY_PREFIX));
      const end = start + getU32(value, 6);
      if (start < range.end && end > range.start) users.push({ start, end });
    };
    for (const key of this.#added) learn(key);
    const from = firstKey(Math.max(0, range.start - SHARED_MAX + 1));
    this.#transaction.scan(from, firstKey(range.end), (key) => {
      learn(new Uint8Array(key));
      return true;
    });
    return users.sort((a, b) => a.start - b.start);
  }
}
