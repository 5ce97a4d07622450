/**
 * One node of the TOC in its encoded form, searched and edited as bytes (FORMAT.md §6.2).
 *
 *     offset  bytes  field
 *     0       1      level: 0 is a leaf
 *     1       1      0
 *     2       2      number of records n
 *     4       4      lowest byte in use by cells
 *     8       4      bytes of removed cells (0 in a stored node)
 *     12      2 n    offset of each record's cell, in key order
 *     …              free, none in a stored node
 *     …              cells: key length 2, value length 2, key, value
 *
 * A stored node is as long as what it holds; an edited one is a buffer of PAGE_SIZE bytes whose cells grow down from
 * the end. In an inner node the value is a child pointer (address 6, generation 6) and the key the lower bound of
 * the child's keys. The first key of an inner node is empty: what bounds it from below is said further up.
 *
 * @module
 */
import { getU16, getU32, getU48, putU16, putU32, putU48 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { PagePointer } from "../format/address.ts";
import { KEY_MAX } from "./key.ts";

const HEADER = 12;
const SLOT = 2;
const CELL_HEADER = 4;

/** Longest value of one record, bytes: four records always fit a node, so every split leaves two halves. */
export const TREE_VALUE_MAX = 8192;

/** Bytes of a child pointer. */
const CHILD_SIZE = 12;

/** A node emptier than this tries to join a neighbour. */
const SPARSE = PAGE_SIZE / 4;

/** Position of a record, or where it would stand: `~position`. */
type Found = number;

/** An empty editable node. */
export function newNode(level: number): Uint8Array {
  const node = new Uint8Array(PAGE_SIZE);
  node[0] = level;
  putU32(node, 4, PAGE_SIZE);
  return node;
}

export function levelOf(node: Uint8Array): number {
  return node[0] as number;
}

export function countOf(node: Uint8Array): number {
  return getU16(node, 2);
}

function cellAt(node: Uint8Array, position: number): number {
  return getU16(node, HEADER + position * SLOT);
}

/** Borrowed key of a record. */
export function keyAt(node: Uint8Array, position: number): Uint8Array {
  const cell = cellAt(node, position);
  return node.subarray(cell + CELL_HEADER, cell + CELL_HEADER + getU16(node, cell));
}

/** Borrowed value of a record. */
export function valueAt(node: Uint8Array, position: number): Uint8Array {
  const cell = cellAt(node, position);
  const start = cell + CELL_HEADER + getU16(node, cell);
  return node.subarray(start, start + getU16(node, cell + 2));
}

/** Child pointer of a record of an inner node. */
export function childAt(node: Uint8Array, position: number): PagePointer {
  const cell = cellAt(node, position);
  const at = cell + CELL_HEADER + getU16(node, cell);
  return { address: getU48(node, at), generation: getU48(node, at + 6) };
}

/** Encodes a child pointer as a value. */
export function encodeChild(pointer: PagePointer): Uint8Array {
  const value = new Uint8Array(CHILD_SIZE);
  putU48(value, 0, pointer.address);
  putU48(value, 6, pointer.generation);
  return value;
}

function compareAt(node: Uint8Array, position: number, key: Uint8Array): number {
  const cell = cellAt(node, position);
  const length = getU16(node, cell);
  const start = cell + CELL_HEADER;
  const shared = length < key.length ? length : key.length;
  for (let i = 0; i < shared; i++) {
    const difference = (node[start + i] as number) - (key[i] as number);
    if (difference !== 0) return difference;
  }
  return length - key.length;
}

/** Finds a key by binary search: its position, or `~position` of the first record after it. */
export function findKey(node: Uint8Array, key: Uint8Array): Found {
  let low = 0;
  let high = countOf(node) - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(node, middle, key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return ~low;
}

/** Whether {@link findKey} would give this position; it may be any number. */
export function isFoundAt(node: Uint8Array, position: Found, key: Uint8Array): boolean {
  const count = countOf(node);
  if (position >= 0) return position < count && compareAt(node, position, key) === 0;
  const next = ~position;
  if (next > count || (next > 0 && compareAt(node, next - 1, key) >= 0)) return false;
  return next === count || compareAt(node, next, key) > 0;
}

/** Position of the child whose keys may include `key`. */
export function findChild(node: Uint8Array, key: Uint8Array): number {
  const found = findKey(node, key);
  return found >= 0 ? found : ~found - 1;
}

/** Bytes the records of a node take, slots included. */
export function usedBytes(node: Uint8Array): number {
  return countOf(node) * SLOT + (node.length - getU32(node, 4)) - getU32(node, 8);
}

/** Whether a node has so little in it that it should join a neighbour. */
export function isSparse(node: Uint8Array): boolean {
  return usedBytes(node) < SPARSE;
}

/** Whether all records of two nodes fit one, with room for a bound between them. */
export function fitTogether(a: Uint8Array, b: Uint8Array): boolean {
  return HEADER + usedBytes(a) + usedBytes(b) + KEY_MAX <= PAGE_SIZE;
}

/** Whether a record of these lengths fits an editable node, compacted if need be. */
export function hasRoom(node: Uint8Array, keyLength: number, valueLength: number): boolean {
  return HEADER + usedBytes(node) + SLOT + CELL_HEADER + keyLength + valueLength <= PAGE_SIZE;
}

/** Inserts a record before `position`; the caller has asked {@link hasRoom}. */
export function insertAt(
  node: Uint8Array,
  position: number,
  key: Uint8Array,
  value: Uint8Array,
): void {
  const count = countOf(node);
  const size = CELL_HEADER + key.length + value.length;
  if (getU32(node, 4) - size < HEADER + (count + 1) * SLOT) node.set(copyNode(node));
  const cell = getU32(node, 4) - size;
  putU16(node, cell, key.length);
  putU16(node, cell + 2, value.length);
  node.set(key, cell + CELL_HEADER);
  node.set(value, cell + CELL_HEADER + key.length);
  putU32(node, 4, cell);
  const slot = HEADER + position * SLOT;
  node.copyWithin(slot + SLOT, slot, HEADER + count * SLOT);
  putU16(node, slot, cell);
  putU16(node, 2, count + 1);
}

/**
 * Sets a record of an editable leaf; false where there is no room, which leaves it without one of that key.
 * @param found - as {@link findKey} gives it
 */
export function putAt(leaf: Uint8Array, found: Found, key: Uint8Array, value: Uint8Array): boolean {
  if (found >= 0) {
    if (replaceInPlace(leaf, found, value)) return true;
    removeAt(leaf, found);
  }
  if (!hasRoom(leaf, key.length, value.length)) return false;
  insertAt(leaf, found < 0 ? ~found : found, key, value);
  return true;
}

/** Removes a record. */
export function removeAt(node: Uint8Array, position: number): void {
  const count = countOf(node);
  const cell = cellAt(node, position);
  const size = CELL_HEADER + getU16(node, cell) + getU16(node, cell + 2);
  putU32(node, 8, getU32(node, 8) + size);
  const slot = HEADER + position * SLOT;
  node.copyWithin(slot, slot + SLOT, HEADER + count * SLOT);
  putU16(node, 2, count - 1);
}

/** Puts a value of the same length in the place of the old one; false when the lengths differ. */
export function replaceInPlace(node: Uint8Array, position: number, value: Uint8Array): boolean {
  const old = valueAt(node, position);
  if (old.length !== value.length) return false;
  old.set(value);
  return true;
}

/** Puts another key in the place of a record's own; the order must stay. */
export function replaceKey(node: Uint8Array, position: number, key: Uint8Array): void {
  const value = valueAt(node, position).slice();
  removeAt(node, position);
  insertAt(node, position, key, value);
}

/** Moves the records from `position` on to the empty node `right`. */
export function splitInto(node: Uint8Array, position: number, right: Uint8Array): void {
  const count = countOf(node);
  for (let from = position; from < count; from++) {
    insertAt(right, from - position, keyAt(node, from), valueAt(node, from));
  }
  for (let from = count - 1; from >= position; from--) removeAt(node, from);
}

/**
 * Appends all records of `right`, whose keys are greater.
 * @param bound - lower bound of `right`: becomes the key of its first child
 */
export function appendAll(node: Uint8Array, right: Uint8Array, bound: Uint8Array): void {
  const count = countOf(right);
  for (let from = 0; from < count; from++) {
    const key = from === 0 && levelOf(right) > 0 ? bound : keyAt(right, from);
    insertAt(node, countOf(node), key, valueAt(right, from));
  }
}

/** Position that splits the bytes of a node in two halves, neither empty. */
export function middleOf(node: Uint8Array): number {
  const half = usedBytes(node) / 2;
  const count = countOf(node);
  let bytes = 0;
  for (let position = 0; position < count; position++) {
    const cell = cellAt(node, position);
    bytes += SLOT + CELL_HEADER + getU16(node, cell) + getU16(node, cell + 2);
    if (bytes >= half) return Math.min(Math.max(position, 1), count - 1);
  }
  return count - 1;
}

/**
 * An editable copy: the same records in PAGE_SIZE bytes, nothing removed among them.
 * @param room - to make it in, whatever it holds; not where the node stands
 */
export function copyNode(node: Uint8Array, room?: Uint8Array): Uint8Array {
  return rewrite(node, roomOf(PAGE_SIZE, room));
}

/**
 * The stored form: as long as its records need.
 * @param room - PAGE_SIZE bytes to make it in, whatever they hold; not where the node stands
 */
export function compactNode(node: Uint8Array, room?: Uint8Array): Uint8Array {
  return rewrite(node, roomOf(HEADER + usedBytes(node), room));
}

function roomOf(length: number, room: Uint8Array | undefined): Uint8Array {
  return room?.subarray(0, length) ?? new Uint8Array(length);
}

function rewrite(node: Uint8Array, copy: Uint8Array): Uint8Array {
  copy.fill(0, 0, HEADER);
  copy[0] = levelOf(node);
  putU16(copy, 2, countOf(node));
  if (getU32(node, 8) === 0) moveCells(node, copy);
  else gatherCells(node, copy);
  return copy;
}

/** Copies all cells as they stand, nothing having been removed among them. */
function moveCells(node: Uint8Array, copy: Uint8Array): void {
  const lowest = getU32(node, 4);
  const shift = copy.length - node.length;
  copy.set(node.subarray(lowest), lowest + shift);
  putU32(copy, 4, lowest + shift);
  for (let position = countOf(node) - 1; position >= 0; position--) {
    putU16(copy, HEADER + position * SLOT, cellAt(node, position) + shift);
  }
}

/** Copies the cells of all records, in their order. */
function gatherCells(node: Uint8Array, copy: Uint8Array): void {
  let end = copy.length;
  for (let position = 0; position < countOf(node); position++) {
    const cell = cellAt(node, position);
    const size = CELL_HEADER + getU16(node, cell) + getU16(node, cell + 2);
    end -= size;
    copy.set(node.subarray(cell, cell + size), end);
    putU16(copy, HEADER + position * SLOT, end);
  }
  putU32(copy, 4, end);
}

/**
 * Refuses bytes that are no node: every later access may then rely on offsets and lengths.
 * @throws FormatError RECORD_MALFORMED
 */
export function checkNode(node: Uint8Array, level: number): void {
  const problem = nodeProblem(node, level);
  if (problem !== undefined) throw new FormatError("RECORD_MALFORMED", `tree node: ${problem}`);
}

/** What is wrong with a node, in words. */
function nodeProblem(node: Uint8Array, level: number): string | undefined {
  if (node.length < HEADER) return `${node.length} bytes are too short`;
  if (levelOf(node) !== level) return `level ${levelOf(node)} where ${level} belongs`;
  const lowest = getU32(node, 4);
  if (HEADER + countOf(node) * SLOT > lowest || lowest > node.length) return "cells overlap slots";
  let left = node.length - lowest - getU32(node, 8);
  for (let position = 0; position < countOf(node); position++) {
    const cell = cellAt(node, position);
    const problem = cell < lowest ? "cell among the slots" : cellProblem(node, cell, level);
    if (problem !== undefined) return problem;
    left -= CELL_HEADER + getU16(node, cell) + getU16(node, cell + 2);
  }
  if (left < 0) return "cells overlap, or more is removed than there is";
  if (level === 0) return undefined;
  if (countOf(node) === 0) return "inner node without a child";
  return getU16(node, cellAt(node, 0)) > 0 ? "first child has a bound" : undefined;
}

/** What is wrong with a cell, in words. */
function cellProblem(node: Uint8Array, cell: number, level: number): string | undefined {
  if (cell + CELL_HEADER > node.length) return "cell out of range";
  const keyLength = getU16(node, cell);
  const valueLength = getU16(node, cell + 2);
  if (keyLength > KEY_MAX) return `key of ${keyLength} bytes`;
  if (cell + CELL_HEADER + keyLength + valueLength > node.length) return "cell too long";
  if (level > 0 && valueLength !== CHILD_SIZE) return "child pointer of wrong length";
  return undefined;
}
