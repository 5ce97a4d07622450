/**
 * One run of a transaction function: reads go to the tree as it is, changes are collected.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { isPending } from "../base/maybe-promise.ts";
import type { PagePointer } from "../format/address.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import type { CachedPage } from "../pages/cached-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import { PageFault } from "../pages/page-fault.ts";
import { type Seat, valueIn } from "../tree/seat.ts";
import type { Tree } from "../tree/tree.ts";
import { ChangeSet } from "./change-set.ts";
import type { Transaction, TreeRecord } from "./transaction.ts";

/** Records whose seats are kept: as many as a call reads before it changes them. What more is changed is looked for again. */
const SEATS_MAX = 8;

export class TreeTransaction implements Transaction {
  readonly #tree: Tree;
  readonly #pages: PageCache;
  readonly #changes = new ChangeSet();
  /** Of records that were read. */
  readonly #seats: Seat[] = [];
  /** Of the changes, in their order. */
  #prepared: readonly (Seat | undefined)[] = [];
  readonly #released: PagePointer[] = [];
  readonly #retired: PagePointer[] = [];
  readonly #effects: (() => void)[] = [];
  #nextIno: number;
  #inodes = 0;

  constructor(tree: Tree, pages: PageCache, nextIno: number) {
    this.#tree = tree;
    this.#pages = pages;
    this.#nextIno = nextIno;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const change = this.#changes.get(key);
    if (change !== undefined) return change.value;
    const seat = this.#tree.find(key);
    if (seat === undefined) return undefined;
    if (this.#seats.length < SEATS_MAX) this.#seats.push(seat);
    return valueIn(seat);
  }

  scan(
    from: Uint8Array,
    to: Uint8Array,
    visit: (key: Uint8Array, value: Uint8Array) => boolean,
  ): void {
    this.#tree.scan(from, to, visit);
  }

  farPage(key: Uint8Array): PagePointer | undefined {
    const last = this.#tree.knownPath(key).at(-1);
    if (last === undefined || this.#pages.peek("tree", last) !== undefined) return undefined;
    if (!this.#pages.isNear(last)) return last;
    throw new PageFault("tree", last);
  }

  last(from: Uint8Array, to: Uint8Array): TreeRecord | undefined {
    return this.#tree.last(from, to);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changes.set({ key, value });
  }

  delete(key: Uint8Array): void {
    this.#changes.set({ key, value: undefined });
  }

  page(pageClass: "data" | "pack", pointer: PagePointer): Uint8Array {
    const page = this.#pages.peek(pageClass, pointer) ?? this.#bringIn(pageClass, pointer);
    return page.payload;
  }

  distance(pointer: PagePointer): "resident" | "near" | "far" {
    if (this.#pages.peek("data", pointer) !== undefined) return "resident";
    return this.#pages.isNear(pointer) ? "near" : "far";
  }

  /**
   * Gets content on the spot where the store answers at once, since running the function again costs as much as a read. It
   * may push nodes of the tree out of the cache, which {@link prepare} asks for again.
   */
  #bringIn(pageClass: "data" | "pack", pointer: PagePointer): CachedPage {
    const loading = this.#pages.load(pageClass, [pointer]);
    // Whoever runs the function asks again, and gets the error.
    if (isPending(loading)) loading.catch(() => {});
    return this.#pages.page(pageClass, pointer);
  }

  release(pointer: PagePointer): void {
    this.#released.push(pointer);
  }

  retire(pointer: PagePointer): void {
    this.#retired.push(pointer);
  }

  nextIno(): number {
    return this.#nextIno++;
  }

  countInodes(change: number): void {
    this.#inodes += change;
  }

  onApplied(body: () => void): void {
    this.#effects.push(body);
  }

  /** Whether the function changed anything. */
  get isChange(): boolean {
    const { length } = this.#changes.all;
    return length + this.#released.length + this.#retired.length > 0 || this.#inodes !== 0;
  }

  /** Records that were set or removed, by their keys. */
  get changes(): readonly LoggedChange[] {
    return this.#changes.all;
  }

  get released(): readonly PagePointer[] {
    return this.#released;
  }

  /** Asks for all that {@link apply} needs. @throws PageFault */
  prepare(): void {
    this.#prepared = this.#changes.all.map(({ key }) => this.#tree.prepare(key, this.#seatOf(key)));
  }

  #seatOf(key: Uint8Array): Seat | undefined {
    for (const seat of this.#seats) if (equalBytes(seat.key, key)) return seat;
    return undefined;
  }

  /** Has the effects outside of the TOC, of a run that changes nothing. */
  end(): void {
    for (const effect of this.#effects) effect();
  }

  /**
   * Makes the changes; nothing can interrupt it.
   * @returns the next free inode number and by how much the number of inodes changed
   */
  apply(): { readonly nextIno: number; readonly inodes: number } {
    this.#changes.all.forEach(({ key, value }, i) => {
      if (value === undefined) this.#tree.delete(key, this.#prepared[i]);
      else this.#tree.put(key, value, this.#prepared[i]);
    });
    for (const pointer of this.#released) this.#pages.supersede(pointer);
    for (const pointer of this.#retired) this.#pages.retire(pointer);
    this.end();
    return { nextIno: this.#nextIno, inodes: this.#inodes };
  }
}
