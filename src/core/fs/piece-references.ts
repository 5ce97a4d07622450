/**
 * The way back from a pack page to its pieces: `(0, piece, page address 6 | inode 8 | block 6)` -> generation 6
 * (FORMAT.md §7.4), so that the death of a page's last piece is seen without reading the page.
 *
 * One object serves one transaction: the tree does not show its own changes in a scan, so what was added and removed
 * is settled together at the end.
 *
 * @module
 */
import { getU48, getU64, putU48, putU64 } from "../base/bytes.ts";
import { type PagePointer, pageNumber } from "../format/address.ts";
import { encodeKey, KEY_PREFIX, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import type { PieceExtent } from "./extent.ts";
import type { ReturnedPages } from "./returned-pages.ts";

const ADDRESS_SIZE = 6;
const SUBKEY_SIZE = 20;

function prefixOf(address: number): Uint8Array {
  const subkey = new Uint8Array(ADDRESS_SIZE);
  putU48(subkey, 0, address);
  return encodeKey(0, KeyKind.piece, subkey);
}

function referenceKey(address: number, ino: number, block: number): Uint8Array {
  const subkey = new Uint8Array(SUBKEY_SIZE);
  putU48(subkey, 0, address);
  putU64(subkey, 6, ino);
  putU48(subkey, 14, block);
  return encodeKey(0, KeyKind.piece, subkey);
}

/** A block that stands in a piece of a pack page. */
export interface PieceUser {
  readonly ino: number;
  readonly block: number;
}

/** The blocks that stand in a pack page, as they were when the transaction began. */
export function usersOfPack(transaction: Transaction, address: number): readonly PieceUser[] {
  const users: PieceUser[] = [];
  transaction.scan(prefixOf(address), prefixOf(address + 1), (key) => {
    const ino = getU64(key, KEY_PREFIX + ADDRESS_SIZE);
    users.push({ ino, block: getU48(key, KEY_PREFIX + ADDRESS_SIZE + 8) });
    return true;
  });
  return users;
}

/** Back references that one transaction adds and removes. */
export class PieceReferences {
  readonly #transaction: Transaction;
  readonly #returned: ReturnedPages;
  readonly #added = new Map<number, Uint8Array[]>();
  readonly #removed = new Map<number, PagePointer>();

  constructor(transaction: Transaction, returned: ReturnedPages) {
    this.#transaction = transaction;
    this.#returned = returned;
  }

  /** Notes that a block of `ino` now stands in a piece. */
  add(ino: number, piece: PieceExtent): void {
    const key = referenceKey(piece.address, ino, piece.block);
    const generation = new Uint8Array(6);
    putU48(generation, 0, piece.generation);
    this.#transaction.put(key, generation);
    const added = this.#added.get(piece.address);
    if (added === undefined) this.#added.set(piece.address, [key]);
    else added.push(key);
  }

  /** Notes that a block of `ino` no longer stands in a piece. */
  remove(ino: number, piece: PieceExtent): void {
    const { address, generation } = piece;
    this.#transaction.delete(referenceKey(address, ino, piece.block));
    this.#removed.set(address, { address, generation });
  }

  /** Releases pack pages that lost their last reference; call once, after all changes. */
  settle(): void {
    for (const pointer of this.#removed.values()) {
      if (this.#isReferenced(pointer.address)) continue;
      if (!this.#returned.has(pageNumber(pointer.address))) this.#transaction.release(pointer);
    }
  }

  #isReferenced(address: number): boolean {
    const isLive = (key: Uint8Array): boolean => this.#transaction.get(key) !== undefined;
    if (this.#added.get(address)?.some(isLive)) return true;
    let found = false;
    this.#transaction.scan(prefixOf(address), prefixOf(address + 1), (key) => {
      found = isLive(key.slice());
      return !found;
    });
    return found;
  }
}
