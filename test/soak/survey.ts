/**
 * Reads a directory whole, as it is.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Entry, Tree } from "./history.ts";

/** Files read at the same time: each may have to wait for the network. */
const PARALLEL = 6;

/** Files with names that begin so are on their way to another name, and may be in any state. */
export const DRAFT_PREFIX = "~";

/** A directory as it was found. */
export interface Survey {
  readonly tree: Tree;
  /** Contents of files, by inode. */
  readonly contents: ReadonlyMap<number, Buffer>;
  /** Inode of each file's path. */
  readonly inodes: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** What is compared of a file's contents. */
export function digestOf(content: Uint8Array): string {
  return createHash("sha1").update(content).digest("base64url");
}

/** Reads every file below a directory. @throws Error of the call that failed */
export async function survey(root: string): Promise<Survey> {
  const tree = new Map<string, Entry>();
  const contents = new Map<number, Buffer>();
  const inodes = new Map<string, number>();
  const all = await listAll(root, "");
  const paths = all.filter(({ name }) => !name.startsWith(DRAFT_PREFIX)).map(({ path }) => path);
  const look = async (path: string): Promise<void> => {
    const { entry, ino, content } = await inspect(join(root, path));
    tree.set(path, entry);
    if (content === undefined) return;
    inodes.set(path, ino);
    contents.set(ino, content);
  };
  const work = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) await look(path);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const bytes = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  return { tree, contents, inodes, bytes };
}

/** One thing with a name. */
interface Inspected {
  readonly entry: Entry;
  readonly ino: number;
  /** Of a file. */
  readonly content?: Buffer;
}

async function inspect(path: string): Promise<Inspected> {
  const status = await lstat(path);
  const { ino, size, nlink: links } = status;
  if (status.isDirectory()) return { entry: { kind: "directory" }, ino };
  if (status.isSymbolicLink()) {
    return { entry: { kind: "symlink", target: await readlink(path) }, ino };
  }
  const content = await readFile(path);
  if (content.length !== size) throw new Error(`${path}: ${content.length} of ${size} bytes read`);
  return { entry: { kind: "file", size, digest: digestOf(content), links }, ino, content };
}

/** Removes what was on its way to another name when the mount died. */
export async function removeDrafts(root: string): Promise<void> {
  for (const { path, name } of await listAll(root, "")) {
    if (name.startsWith(DRAFT_PREFIX)) await rm(join(root, path));
  }
}

async function listAll(root: string, below: string): Promise<{ path: string; name: string }[]> {
  const found: { path: string; name: string }[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    found.push({ path, name: entry.name });
    if (entry.isDirectory()) found.push(...(await listAll(root, path)));
  }
  return found;
}
