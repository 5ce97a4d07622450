/**
 * Reads a directory whole, as it is.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Entry, Tree } from "./history.ts";

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
  let bytes = 0;
  for (const { path, name } of await listAll(root, "")) {
    if (name.startsWith(DRAFT_PREFIX)) continue;
    const absolute = join(root, path);
    const status = await lstat(absolute);
    if (status.isDirectory()) tree.set(path, { kind: "directory" });
    else if (status.isSymbolicLink()) {
      tree.set(path, { kind: "symlink", target: await readlink(absolute) });
    } else {
      const { ino, size, nlink: links } = status;
      const content = contents.get(ino) ?? (await readFile(absolute));
      if (content.length !== size)
        throw new Error(`${absolute} has ${size} bytes, not all of them readable`);
      if (!contents.has(ino)) bytes += size;
      contents.set(ino, content);
      inodes.set(path, ino);
      tree.set(path, { kind: "file", size, digest: digestOf(content), links });
    }
  }
  return { tree, contents, inodes, bytes };
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
