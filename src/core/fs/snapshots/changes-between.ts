/**
 * What became of files between two states of a vault. Parts of the trees that both states share are not compared.
 *
 * @module
 */
import { compareBytes, equalBytes, getU64 } from "../../base/bytes.ts";
import { FsError, PageError } from "../../base/errors.ts";
import { KeyKind } from "../../tree/key.ts";
import type { TreeRoot } from "../../tree/tree.ts";
import type { Snapshots } from "../../vault/snapshots.ts";
import type { TransactionalVault } from "../../vault/transaction.ts";
import { findPaths } from "../check/find-paths.ts";
import type { PathChange } from "./path-change.ts";
import { isSameInode } from "./restore/stored-inode.ts";

/** How two states differ. */
export interface StateChanges {
  /** By path; what stands below a directory that was moved is not told by itself. */
  readonly changes: readonly PathChange[];
  /** Whether all of both states could be read. */
  readonly isWhole: boolean;
}

/** What leads to an inode in both states. */
interface Trail {
  readonly ino: number;
  readonly from: Uint8Array | undefined;
  readonly path: Uint8Array | undefined;
}

/**
 * Compares two states, of which nothing must go meanwhile. A file with hard links is told under one of its names; one that was
 * only read, or replaced by one that is the same, is not told. Memory: the records that differ, and a name for each directory.
 * @throws StoreError
 */
export async function changesBetween(
  snapshots: Snapshots,
  before: TreeRoot,
  after: TreeRoot,
): Promise<StateChanges> {
  const { keys, unknown } = await snapshots.difference({ before, after });
  const inos = new Set<number>();
  for (const key of keys) {
    const ino = getU64(key, 0);
    if (ino !== 0 && key[8] !== KeyKind.orphan) inos.add(ino);
  }
  const old = await findPaths(inos, snapshots.walk(before));
  const now = await findPaths(inos, snapshots.walk(after));
  const trails = Array.from(inos, (ino) => ({ ino, from: old.get(ino), path: now.get(ino) }));
  const comparison = new Comparison(snapshots.viewOf(before), snapshots.viewOf(after), trails);
  const changes: PathChange[] = [];
  for (const trail of trails) {
    const change = await comparison.changeOf(trail);
    if (change !== undefined) changes.push(change);
  }
  changes.sort((a, b) => compareBytes(a.path, b.path));
  return { changes, isWhole: unknown.length === 0 };
}

class Comparison {
  readonly #before: TransactionalVault;
  readonly #after: TransactionalVault;
  /** Inodes that went, by path: another may stand there now. */
  readonly #gone = new Map<string, number>();
  /** Paths where inodes came. */
  readonly #came = new Set<string>();

  constructor(before: TransactionalVault, after: TransactionalVault, trails: readonly Trail[]) {
    this.#before = before;
    this.#after = after;
    for (const { ino, from, path } of trails) {
      if (from !== undefined && path === undefined) this.#gone.set(nameOf(from), ino);
      if (from === undefined && path !== undefined) this.#came.add(nameOf(path));
    }
  }

  /** What is told of an inode: a path where another stands now is told of that. */
  async changeOf({ ino, from, path }: Trail): Promise<PathChange | undefined> {
    if (path === undefined) {
      const isReplaced = from === undefined || this.#came.has(nameOf(from));
      return isReplaced ? undefined : { kind: "removed", path: from };
    }
    if (from !== undefined && !equalBytes(from, path)) return { kind: "moved", path, from };
    const old = from === undefined ? this.#gone.get(nameOf(path)) : ino;
    if (old === undefined) return { kind: "added", path };
    return (await this.#isSame(old, ino)) ? undefined : { kind: "changed", path };
  }

  /** What cannot be read is told as changed. */
  async #isSame(old: number, now: number): Promise<boolean> {
    try {
      return await isSameInode(this.#before, old, this.#after, now);
    } catch (error) {
      if (error instanceof PageError || error instanceof FsError) return false;
      throw error;
    }
  }
}

/** A path as a string of the same bytes, to find it in a map. */
function nameOf(path: Uint8Array): string {
  return String.fromCharCode(...path);
}
