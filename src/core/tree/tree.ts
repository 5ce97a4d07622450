/**
 * The TOC: a copy-on-write B+tree over the page cache.
 *
 * Every operation is synchronous over resident pages and lets a PageFault pass when one is missing; reading
 * changes nothing, so it may simply run again. {@link Tree.prepare} faults in what a change needs, after which the
 * change cannot fault. A node is edited in place while the generation it was born in is open, and copied up to the
 * root otherwise. An emptied node goes; a sparse one joins a neighbour that is resident.
 *
 * @module
 */
import { compareBytes } from "../base/bytes.ts";
import { type PagePointer, samePointer } from "../format/address.ts";
import type { CachedPage } from "../pages/cached-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import {
  appendAll,
  checkNode,
  childAt,
  copyNode,
  countOf,
  encodeChild,
  findChild,
  findKey,
  fitTogether,
  hasRoom,
  insertAt,
  isSparse,
  keyAt,
  levelOf,
  middleOf,
  newNode,
  putAt,
  removeAt,
  replaceInPlace,
  splitInto,
} from "./node.ts";
import { LOWEST_KEY, removeChild, takeBound } from "./node-bounds.ts";
import { lastBefore, type Visit, walkRange } from "./ranges.ts";
import { positionOf, type Seat, valueIn } from "./seat.ts";

/** Where a node stands in a tree. */
export interface NodePlace {
  readonly pointer: PagePointer;
  /** 0 for a leaf. */
  readonly level: number;
  /** No key below the node is smaller. */
  readonly from: Uint8Array;
}

/** A node on the way from the root to a leaf, and the position of the next one in it. */
interface Step {
  page: CachedPage;
  position: number;
}

/** Where a tree begins. */
export interface TreeRoot {
  /** Undefined for an empty tree. */
  readonly pointer: PagePointer | undefined;
  /** Levels; 0 for an empty tree. */
  readonly height: number;
}

const checked = new WeakSet<CachedPage>();

export class Tree {
  readonly #pages: PageCache;
  #root: PagePointer | undefined;
  #height: number;
  /** Another number whenever a node has come, gone or been replaced. */
  #shape = 0;

  constructor(pages: PageCache, root: TreeRoot) {
    this.#pages = pages;
    this.#root = root.pointer;
    this.#height = root.height;
  }

  get root(): TreeRoot {
    return { pointer: this.#root, height: this.#height };
  }

  /** Goes on with another state, which others have written. */
  moveTo({ pointer, height }: TreeRoot): void {
    this.#root = pointer;
    this.#height = height;
    this.#shape += 1;
  }

  /** Value under a key; borrowed. @throws PageFault */
  get(key: Uint8Array): Uint8Array | undefined {
    const seat = this.find(key);
    return seat && valueIn(seat);
  }

  /** Where a key stands, for this turn; undefined in an empty tree. @throws PageFault */
  find(key: Uint8Array): Seat | undefined {
    const leaf = this.#leaf(key);
    return leaf && { key, leaf, position: findKey(leaf.payload, key), shape: this.#shape };
  }

  /**
   * Makes sure that a change under `key` will find everything resident.
   * @param seat - found before in this turn; a node that may be edited, and all above it, has stayed in memory since
   * @returns where it stands, for {@link put} and {@link delete}
   * @throws PageFault
   */
  prepare(key: Uint8Array, seat?: Seat): Seat | undefined {
    const isFirm = seat?.shape === this.#shape && this.#pages.isEditable(seat.leaf);
    return isFirm ? seat : this.find(key);
  }

  /** The leaf a key belongs into. @throws PageFault */
  #leaf(key: Uint8Array): CachedPage | undefined {
    if (this.#root === undefined) return undefined;
    let page = this.#node(this.#root, this.#height - 1);
    for (let level = this.#height - 2; level >= 0; level--) {
      const node = page.payload;
      page = this.#node(childAt(node, findChild(node, key)), level);
    }
    return page;
  }

  /** Nodes on the way to a key, root first, as far as is known: behind one that is not resident there are no more. */
  knownPath(key: Uint8Array): readonly PagePointer[] {
    const path: PagePointer[] = [];
    let next = this.#root;
    for (let level = this.#height - 1; level >= 0 && next !== undefined; level--) {
      path.push(next);
      if (level === 0 || this.#pages.peek("tree", next) === undefined) break;
      const node = this.#node(next, level).payload;
      next = childAt(node, findChild(node, key));
    }
    return path;
  }

  #node(pointer: PagePointer, level: number): CachedPage {
    const page = this.#pages.page("tree", pointer);
    if (!checked.has(page)) {
      checkNode(page.payload, level);
      checked.add(page);
    }
    return page;
  }

  readonly #nodeAt = (pointer: PagePointer, level: number): Uint8Array =>
    this.#node(pointer, level).payload;

  /** Visits records with `from <= key < to` in order. @throws PageFault */
  scan(from: Uint8Array, to: Uint8Array, visit: Visit): void {
    if (this.#root === undefined) return;
    walkRange(this.#nodeAt, this.#root, this.#height - 1, { from, to, visit });
  }

  /** The last record with `from <= key <= to`; fresh arrays. @throws PageFault */
  last(from: Uint8Array, to: Uint8Array): { key: Uint8Array; value: Uint8Array } | undefined {
    if (this.#root === undefined) return undefined;
    const record = lastBefore(this.#nodeAt, this.#root, this.#height - 1, to);
    return record === undefined || compareBytes(record.key, from) < 0 ? undefined : record;
  }

  /**
   * Sets a record; {@link prepare} comes first. Key and value are copied.
   * @param seat - that it gave, whatever has changed since; the key is looked for when left out
   */
  put(key: Uint8Array, value: Uint8Array, seat?: Seat): void {
    const leaf = this.#leafAt(key, seat);
    if (leaf === undefined) {
      const first = newNode(0);
      insertAt(first, 0, key, value);
      this.#setRoot(this.#born(first), 1);
      return;
    }
    const { payload } = this.#editLeaf(leaf, key);
    if (putAt(payload, positionOf(payload, key, seat), key, value)) return;
    this.#insert(this.#editPath(key), ~findKey(payload, key), { key, value });
  }

  /** Removes a record, if it is there; see {@link put}. */
  delete(key: Uint8Array, seat?: Seat): void {
    const leaf = this.#leafAt(key, seat);
    const found = leaf === undefined ? -1 : positionOf(leaf.payload, key, seat);
    if (leaf === undefined || found < 0) return;
    const { payload } = this.#editLeaf(leaf, key);
    removeAt(payload, found);
    if (isSparse(payload)) this.#shrink(this.#editPath(key));
  }

  #leafAt(key: Uint8Array, seat: Seat | undefined): CachedPage | undefined {
    return seat?.shape === this.#shape ? seat.leaf : this.#leaf(key);
  }

  /**
   * Takes a node that does not open out of the tree, with all below it; the nodes above it must open.
   * @returns false for the root, which stays
   * @throws PageFault
   */
  prune({ pointer, level, from }: NodePlace): boolean {
    if (level + 1 >= this.#height) return false;
    let above = this.#root as PagePointer;
    for (let at = this.#height - 1; at > level; at--) {
      const node = this.#node(above, at).payload;
      above = childAt(node, findChild(node, from));
    }
    if (!samePointer(above, pointer)) throw new Error("the node is not where it was found");
    const path = this.#editPath(from, level + 1);
    const parent = path[path.length - 1] as Step;
    removeChild(parent.page.payload, parent.position);
    this.#drop(pointer);
    this.#shrink(path);
    return true;
  }

  /**
   * Gives the node of `key` at a level a fresh place, and with it those above; all of them must be resident.
   * @throws PageFault, with nothing changed
   */
  renew(key: Uint8Array, level: number): void {
    if (level >= this.#height) return;
    this.prepare(key);
    this.#editPath(key, level);
  }

  #born(node: Uint8Array): CachedPage {
    const owner = { ino: 0, block: levelOf(node) };
    const [page] = this.#pages.add([{ pageClass: "tree", owner, payload: node }]);
    this.#shape += 1;
    checked.add(page as CachedPage);
    return page as CachedPage;
  }

  #setRoot(page: PagePointer, height: number): void {
    this.#root = { address: page.address, generation: page.generation };
    this.#height = height;
  }

  #edit(page: CachedPage): CachedPage {
    const editable = this.#pages.edit(page, copyNode);
    if (editable === page) return page;
    this.#shape += 1;
    checked.add(editable);
    return editable;
  }

  /** Gives up a node that nothing points to any more. */
  #drop(node: PagePointer): void {
    this.#pages.supersede(node);
    this.#shape += 1;
  }

  /** The leaf of a key, editable: as it is, when it is that already and so are all above it, or else copied with them. */
  #editLeaf(leaf: CachedPage, key: Uint8Array): CachedPage {
    return this.#pages.isEditable(leaf) ? leaf : (this.#editPath(key).at(-1) as Step).page;
  }

  /** The way to the node of `key` at a level, every node editable and pointed to by the one above. */
  #editPath(key: Uint8Array, lowest = 0): Step[] {
    const path: Step[] = [];
    let pointer = this.#root as PagePointer;
    for (let level = this.#height - 1; level >= lowest; level--) {
      const found = this.#node(pointer, level);
      const page = this.#edit(found);
      if (page !== found) this.#point(path[path.length - 1], page);
      const position = level === 0 ? 0 : findChild(page.payload, key);
      path.push({ page, position });
      if (level > 0) pointer = childAt(page.payload, position);
    }
    return path;
  }

  /** Makes a step of a path, or the tree where there is none, point to another page. */
  #point(above: Step | undefined, page: CachedPage): void {
    if (above === undefined) this.#setRoot(page, this.#height);
    else replaceInPlace(above.page.payload, above.position, encodeChild(page));
  }

  /** Inserts a record into the last node of `path`, splitting upwards where there is no room. */
  #insert(
    path: Step[],
    position: number,
    record: { readonly key: Uint8Array; readonly value: Uint8Array },
  ): void {
    const { page } = path[path.length - 1] as Step;
    const node = page.payload;
    if (hasRoom(node, record.key.length, record.value.length)) {
      insertAt(node, position, record.key, record.value);
      return;
    }
    const right = newNode(levelOf(node));
    // A run of rising keys (a growing file, a tree being unpacked) leaves full nodes behind it.
    const at = position === countOf(node) ? position : middleOf(node);
    splitInto(node, at, right);
    if (position >= at) insertAt(right, position - at, record.key, record.value);
    else insertAt(node, position, record.key, record.value);
    const separator = takeBound(node, right);
    const value = encodeChild(this.#born(right));
    path.pop();
    const above = path[path.length - 1];
    if (above !== undefined) {
      this.#insert(path, above.position + 1, { key: separator, value });
      return;
    }
    const root = newNode(levelOf(node) + 1);
    insertAt(root, 0, LOWEST_KEY, encodeChild(page));
    insertAt(root, 1, separator, value);
    this.#setRoot(this.#born(root), this.#height + 1);
  }

  /** After a removal from the last node of `path`: drops what is empty, joins what is sparse, upwards. */
  #shrink(path: Step[]): void {
    for (;;) {
      const { page } = path.pop() as Step;
      const above = path[path.length - 1];
      if (above === undefined) {
        this.#lowerRoot(page);
        return;
      }
      if (countOf(page.payload) === 0) {
        removeChild(above.page.payload, above.position);
        this.#drop(page);
      } else if (!isSparse(page.payload) || !this.#join(above, page)) {
        return;
      }
    }
  }

  /** Joins a sparse child with a resident neighbour; false when none fits. */
  #join(above: Step, page: CachedPage): boolean {
    const parent = above.page.payload;
    const level = levelOf(page.payload);
    const right = this.#neighbour(parent, above.position + 1, level);
    if (right !== undefined && fitTogether(page.payload, right.payload)) {
      appendAll(page.payload, right.payload, keyAt(parent, above.position + 1));
      this.#drop(right);
      removeChild(parent, above.position + 1);
      return true;
    }
    const left = this.#neighbour(parent, above.position - 1, level);
    if (left === undefined || !fitTogether(left.payload, page.payload)) return false;
    const joined = this.#edit(left);
    appendAll(joined.payload, page.payload, keyAt(parent, above.position));
    this.#drop(page);
    replaceInPlace(parent, above.position - 1, encodeChild(joined));
    removeChild(parent, above.position);
    return true;
  }

  #neighbour(parent: Uint8Array, position: number, level: number): CachedPage | undefined {
    if (position < 0 || position >= countOf(parent)) return undefined;
    const pointer = childAt(parent, position);
    return this.#pages.peek("tree", pointer) === undefined ? undefined : this.#node(pointer, level);
  }

  #lowerRoot(root: CachedPage): void {
    const node = root.payload;
    if (countOf(node) === 0) {
      this.#drop(root);
      this.#root = undefined;
      this.#height = 0;
      return;
    }
    if (levelOf(node) === 0 || countOf(node) > 1) return;
    const child = childAt(node, 0);
    this.#drop(root);
    this.#setRoot(child, this.#height - 1);
    const page = this.#pages.peek("tree", child);
    if (page !== undefined && this.#height > 1) this.#lowerRoot(page);
  }
}
