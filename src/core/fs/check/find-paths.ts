/**
 * Paths of inodes, for messages: one look at all names, whatever is damaged around them.
 *
 * @module
 */
import { getU64 } from "../../base/bytes.ts";
import { FormatError } from "../../base/errors.ts";
import { KEY_PREFIX, KeyKind } from "../../tree/key.ts";
import { type DamagedStep, type NodeStep, recordsIn } from "../../tree/walk-tree.ts";
import { type Dentry, decodeDentry } from "../dentry.ts";
import { ROOT_INO, S_IFDIR } from "../file-system.ts";
import { joinPath, ROOT_PATH, shownPath } from "../path-bytes.ts";

interface Name {
  readonly directory: number;
  readonly name: Uint8Array;
}

/** Deeper than that it is a circle. */
const DEPTH_MAX = 4096;

/**
 * Finds a path for each inode, where names lead to it from the root.
 *
 * Names of directories are all remembered on the way, names of files only where they are asked for.
 *
 * @param toc - all nodes of the TOC
 * @returns absolute paths as bytes; one of several where an inode has hard links
 */
export async function findPaths(
  inos: ReadonlySet<number>,
  toc: AsyncIterable<NodeStep | DamagedStep>,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const names = new Map<number, Name>();
  for await (const step of toc) {
    if (step.damage === undefined && step.level === 0) learnNames(step, inos, names);
  }
  const paths = new Map<number, Uint8Array>();
  for (const ino of inos) {
    const path = climb(ino, names);
    if (path !== undefined) paths.set(ino, path);
  }
  return paths;
}

function learnNames(leaf: NodeStep, inos: ReadonlySet<number>, names: Map<number, Name>): void {
  for (const { key, value } of recordsIn(leaf)) {
    if (key[8] !== KeyKind.dentry) continue;
    const dentry = dentryOf(value);
    if (dentry === undefined) continue;
    const isWanted = dentry.type === S_IFDIR || inos.has(dentry.ino);
    if (isWanted) names.set(dentry.ino, { directory: getU64(key, 0), name: key.slice(KEY_PREFIX) });
  }
}

/** A dentry, if it makes sense. */
function dentryOf(value: Uint8Array): Dentry | undefined {
  try {
    return decodeDentry(value);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function climb(ino: number, names: ReadonlyMap<number, Name>): Uint8Array | undefined {
  const path: Uint8Array[] = [];
  for (let at = ino, depth = 0; at !== ROOT_INO; depth++) {
    const name = names.get(at);
    if (name === undefined || depth > DEPTH_MAX) return undefined;
    path.unshift(name.name);
    at = name.directory;
  }
  return shownPath(joinPath(ROOT_PATH, ...path));
}
