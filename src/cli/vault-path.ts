/**
 * Paths inside a vault, resolved without a kernel: `.`, `..` and relative symbolic links as in path_resolution(7).
 *
 * An absolute symbolic link means a place outside the vault once it is mounted, so it is not followed here.
 *
 * @module
 */
import { FsError } from "../core/base/errors.ts";
import { entryOf } from "../core/fs/entry-of.ts";
import {
  type Attributes,
  type FileSystem,
  type NamePlace,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
} from "../core/fs/file-system.ts";
import { decodeName, encodeName } from "./argument-bytes.ts";
import { EntryError, withPath } from "./entry-error.ts";

/** Most symbolic links followed in one path, as Linux has it. */
const MAX_LINKS = 40;

/** Whether the last part of a path is followed when it is a symbolic link. */
export type LastLink = "follow" | "keep";

/** Whether attributes are a directory's. */
export function isDirectory(attributes: Attributes): boolean {
  return (attributes.mode & S_IFMT) === S_IFDIR;
}

/**
 * Attributes of what stands at a path; a `/` at its end asks for a directory and follows links.
 * @throws FsError ENOENT, ENOTDIR, ELOOP with the path in the message
 */
export async function resolvePath(
  fs: FileSystem,
  path: string,
  last: LastLink = "follow",
): Promise<Attributes> {
  try {
    const wantsDirectory = path.endsWith("/");
    const found = await walk(fs, path, wantsDirectory ? "follow" : last);
    if (wantsDirectory && !isDirectory(found)) throw new FsError("ENOTDIR");
    return found;
  } catch (error) {
    throw withPath(error, path);
  }
}

/** As {@link resolvePath}, undefined when nothing is there. */
export async function findPath(
  fs: FileSystem,
  path: string,
  last: LastLink = "follow",
): Promise<Attributes | undefined> {
  try {
    return await resolvePath(fs, path, last);
  } catch (error) {
    if (error instanceof FsError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * The directory and name that a path ends in; what stands under the name, if anything, is not looked at.
 * @throws FsError EBUSY for the root, EINVAL when the path ends in `.` or `..`
 */
export async function resolveParent(fs: FileSystem, path: string): Promise<NamePlace> {
  const parts = pathNames(path);
  const name = parts.pop();
  if (name === undefined) throw new EntryError("EBUSY", path, "it is the root of the vault");
  if (name === "." || name === "..") throw new EntryError("EINVAL", path, "it must end in a name");
  const parent = await resolvePath(fs, `/${parts.join("/")}`);
  if (!isDirectory(parent)) throw new EntryError("ENOTDIR", path);
  return { parent: parent.ino, name: encodeName(name) };
}

/** The names of a path, empty ones left out. */
export function pathNames(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

/** Last name of a path; empty for the root. */
export function baseName(path: string): string {
  return pathNames(path).at(-1) ?? "";
}

async function walk(fs: FileSystem, path: string, last: LastLink): Promise<Attributes> {
  const pending = pathNames(path).reverse();
  const trail = [await fs.getattr(ROOT_INO)];
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const found = await step(fs, trail, name);
    if (found === undefined) continue;
    if (isSymlink(found) && (pending.length > 0 || last === "follow")) {
      if (++links > MAX_LINKS) throw new FsError("ELOOP");
      pending.push(...(await linkNames(fs, found.ino, path)).reverse());
    } else {
      trail.push(found);
    }
  }
  return trail[trail.length - 1] as Attributes;
}

/** Looks one name up in the last directory of the trail; `.` and `..` change only the trail. */
async function step(
  fs: FileSystem,
  trail: Attributes[],
  name: string,
): Promise<Attributes | undefined> {
  const here = trail[trail.length - 1] as Attributes;
  if (!isDirectory(here)) throw new FsError("ENOTDIR");
  if (name === "..") trail.length = Math.max(1, trail.length - 1);
  if (name === "." || name === "..") return undefined;
  return entryOf(fs, here.ino, encodeName(name));
}

async function linkNames(fs: FileSystem, ino: number, path: string): Promise<string[]> {
  const target = decodeName(await fs.readlink(ino));
  if (target.startsWith("/")) {
    throw new EntryError("EXDEV", path, `leads to ${target}, outside the vault`);
  }
  return pathNames(target);
}

function isSymlink(attributes: Attributes): boolean {
  return (attributes.mode & S_IFMT) === S_IFLNK;
}
