/**
 * What became of files between two states of a vault. Parts of the trees that both states share are not compared.
 *
 * @module
 */
import { compareBytes, equalBytes, getU64 } from "../../base/bytes.ts";
import { KeyKind } from "../../tree/key.ts";
import type { TreeRoot } from "../../tree/tree.ts";
import type { Snapshots } from "../../vault/snapshots.ts";
import { findPaths } from "../check/find-paths.ts";
import type { PathChange } from "./path-change.ts";

/** How two states differ. */
export interface StateChanges {
  /** By path; what stands below a directory that was moved is not told by itself. */
  readonly changes: readonly PathChange[];
  /** Whether all of both states could be read. */
  readonly isWhole: boolean;
}

/**
 * Compares two states. A file with hard links is told under one of its names. Memory: the records that differ, and a name
 * for each directory.
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
  const changes: PathChange[] = [];
  for (const ino of inos) {
    const change = changeOf(old.get(ino), now.get(ino));
    if (change !== undefined) changes.push(change);
  }
  changes.sort((a, b) => compareBytes(a.path, b.path));
  return { changes, isWhole: unknown.length === 0 };
}

function changeOf(
  from: Uint8Array | undefined,
  path: Uint8Array | undefined,
): PathChange | undefined {
  if (path === undefined) return from && { kind: "removed", path: from };
  if (from === undefined) return { kind: "added", path };
  return equalBytes(from, path) ? { kind: "changed", path } : { kind: "moved", path, from };
}
