/**
 * What two states of a tree do not share. Nodes are never changed once they are written, so a node that both states point to
 * stands for equal records, and only what was copied since is read.
 *
 * @module
 */
import { equalBytes, getU64 } from "../base/bytes.ts";
import type { PagePointer } from "../format/address.ts";
import type { PageCache } from "../pages/page-cache.ts";
import { childAt, countOf, keyAt, valueAt } from "./node.ts";
import type { TreeRoot } from "./tree.ts";

/** Inodes from the first to the last. */
export interface InodeSpan {
  readonly first: number;
  readonly last: number;
}

/** How two states differ. */
export interface TreeDifference {
  /** Keys of records that were added, changed or removed. */
  readonly keys: readonly Uint8Array[];
  /** Inodes about which it is not known, since a page of either state cannot be read any more. */
  readonly unknown: readonly InodeSpan[];
}

/** Two states of a tree. */
export interface TreeStates {
  readonly before: TreeRoot;
  readonly after: TreeRoot;
}

/** A node, and the inodes its records may be about. */
interface Part extends InodeSpan {
  readonly pointer: PagePointer;
}

type Records = Map<string, Uint8Array>;

/** Bytes of a key that name the inode. */
const INODE_BYTES = 8;

/**
 * Compares two states of a tree.
 * @param isWanted - whether anybody wants to know about inodes of a span; the rest is not looked at
 */
export async function differenceOf(
  pages: PageCache,
  { before, after }: TreeStates,
  isWanted: (span: InodeSpan) => boolean,
): Promise<TreeDifference> {
  const reader = new DifferenceReader(pages, isWanted);
  let [old, now]: [Part[], Part[]] = [[], []];
  for (let level = Math.max(before.height, after.height) - 1; level >= 0; level--) {
    [old, now] = withoutShared(entered(old, before, level), entered(now, after, level));
    if (level === 0) break;
    old = await reader.children(old);
    now = await reader.children(now);
  }
  const keys = changedKeys(await reader.records(old), await reader.records(now));
  return { keys, unknown: reader.unknown };
}

/** The nodes of a level, the root where it stands there. */
function entered(parts: Part[], { pointer, height }: TreeRoot, level: number): Part[] {
  if (pointer === undefined || height - 1 !== level) return parts;
  return [{ pointer, first: 0, last: Number.MAX_SAFE_INTEGER }];
}

function withoutShared(old: Part[], now: Part[]): [Part[], Part[]] {
  const name = ({ pointer }: Part): string => `${pointer.address}.${pointer.generation}`;
  const oldNames = new Set(old.map(name));
  const nowNames = new Set(now.map(name));
  return [
    old.filter((part) => !nowNames.has(name(part))),
    now.filter((part) => !oldNames.has(name(part))),
  ];
}

function changedKeys(old: Records, now: Records): Uint8Array[] {
  const names = new Set([...old.keys(), ...now.keys()]);
  const changed: Uint8Array[] = [];
  for (const name of names) {
    const [a, b] = [old.get(name), now.get(name)];
    if (a === undefined || b === undefined || !equalBytes(a, b)) changed.push(keyOf(name));
  }
  return changed;
}

class DifferenceReader {
  readonly unknown: InodeSpan[] = [];
  readonly #pages: PageCache;
  readonly #isWanted: (span: InodeSpan) => boolean;

  constructor(pages: PageCache, isWanted: (span: InodeSpan) => boolean) {
    this.#pages = pages;
    this.#isWanted = isWanted;
  }

  /** The wanted children of inner nodes. */
  async children(parents: readonly Part[]): Promise<Part[]> {
    const found: Part[] = [];
    await this.#visit(parents, (node, { first, last }) => {
      for (let position = 0, count = countOf(node); position < count; position++) {
        const span = {
          first: position === 0 ? first : inodeOf(keyAt(node, position)),
          last: position + 1 === count ? last : inodeOf(keyAt(node, position + 1)),
        };
        if (this.#isWanted(span)) found.push({ pointer: childAt(node, position), ...span });
      }
    });
    return found;
  }

  /** The wanted records of leaves, by {@link nameOf} their keys. */
  async records(leaves: readonly Part[]): Promise<Records> {
    const found: Records = new Map();
    await this.#visit(leaves, (node) => {
      for (let position = 0, count = countOf(node); position < count; position++) {
        const key = keyAt(node, position);
        const ino = inodeOf(key);
        if (!this.#isWanted({ first: ino, last: ino })) continue;
        found.set(nameOf(key), valueAt(node, position).slice());
      }
    });
    return found;
  }

  async #visit(
    parts: readonly Part[],
    body: (node: Uint8Array, part: Part) => void,
  ): Promise<void> {
    // All are asked for at once; which of them cannot be read is seen below.
    await this.#load(parts.map(({ pointer }) => pointer));
    for (const part of parts) {
      await this.#load([part.pointer]);
      const page = this.#pages.peek("tree", part.pointer);
      if (page === undefined) this.unknown.push({ first: part.first, last: part.last });
      else body(page.payload, part);
    }
  }

  async #load(pointers: readonly PagePointer[]): Promise<void> {
    try {
      await this.#pages.load("tree", pointers);
    } catch {
      // A page of an old state may be gone.
    }
  }
}

/** The inode a key is about; keys that bound nodes may be shorter than those of records. */
function inodeOf(key: Uint8Array): number {
  if (key.length >= INODE_BYTES) return getU64(key, 0);
  const padded = new Uint8Array(INODE_BYTES);
  padded.set(key);
  return getU64(padded, 0);
}

/** A key as a string of the same bytes, to find it in a map. */
function nameOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function keyOf(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}
