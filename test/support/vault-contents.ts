/**
 * Everything a file system holds, as plain values that can be compared.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { toText } from "../../src/core/base/bytes.ts";
import {
  type Attributes,
  type FileSystem,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../src/core/fs/file-system.ts";

/** One entry: what of its attributes stays the same from one opening to the next, and a hash of what it holds. */
export interface ListedEntry {
  readonly mode: string;
  readonly nlink: number;
  readonly owner: string;
  readonly size: number;
  readonly blocks: number;
  readonly mtime: string;
  readonly content: string;
  readonly xattrs: Readonly<Record<string, string>>;
}

/** All entries of a file system by path. */
export async function listContents(fs: FileSystem): Promise<Record<string, ListedEntry>> {
  const entries: Record<string, ListedEntry> = {};
  const pending: [path: string, ino: number][] = [["", ROOT_INO]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, ino] = next;
    const attributes = await fs.getattr(ino);
    entries[path === "" ? "/" : path] = await describeEntry(fs, attributes);
    if ((attributes.mode & S_IFMT) !== S_IFDIR) continue;
    for (const [name, child] of await children(fs, ino)) pending.push([`${path}/${name}`, child]);
  }
  return entries;
}

async function children(fs: FileSystem, ino: number): Promise<[string, number][]> {
  const directory = await fs.opendir(ino);
  const found: [string, number][] = [];
  for (let cookie = 0; ; ) {
    const entries = await directory.read(cookie, 100, "none");
    const last = entries.at(-1);
    if (last === undefined) return found.filter(([name]) => name !== "." && name !== "..");
    for (const entry of entries) found.push([toText(entry.name), entry.ino]);
    cookie = last.cookie;
  }
}

/** Describes one entry. */
export async function describeEntry(fs: FileSystem, attributes: Attributes): Promise<ListedEntry> {
  const { ino, mode, nlink, uid, gid, size, blocks, mtime } = attributes;
  const xattrs: Record<string, string> = {};
  for (const name of await fs.listxattr(ino)) {
    const value = await fs.getxattr(ino, name);
    if (value === undefined) throw new Error(`inode ${ino} lists an attribute it does not have`);
    xattrs[toText(name)] = createHash("sha256").update(value).digest("hex");
  }
  return {
    mode: mode.toString(8),
    nlink,
    owner: `${uid}:${gid}`,
    size,
    blocks,
    mtime: `${mtime.sec}.${mtime.nsec}`,
    content: await contentOf(fs, attributes),
    xattrs,
  };
}

async function contentOf(fs: FileSystem, { ino, mode, size }: Attributes): Promise<string> {
  if ((mode & S_IFMT) === S_IFLNK) return toText(await fs.readlink(ino));
  if ((mode & S_IFMT) !== S_IFREG) return "";
  const hash = createHash("sha256");
  for (let offset = 0; offset < size; offset += 2 ** 20) {
    for (const piece of await fs.read(ino, offset, 2 ** 20)) hash.update(piece);
  }
  return hash.digest("hex");
}
