/**
 * From the paths of libfuse's high-level interface to inodes and names.
 *
 * @module
 */
import { FsError } from "../../core/base/errors.ts";
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { entryOf } from "../../core/fs/entry-of.ts";
import { type FileSystem, type NamePlace, ROOT_INO } from "../../core/fs/file-system.ts";

/** What stands in a path for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

const encoder = new TextEncoder();

/** The inode at an absolute path; symbolic links were followed by the kernel. @throws FsError ENOENT, ENOTDIR */
export function inodeAt(fs: FileSystem, path: string): MaybePromise<number> {
  return walk(fs, ROOT_INO, namesOf(path));
}

/**
 * The directory a path leads into, and the last name.
 * @throws FsError EINVAL for a name that is not UTF-8 and came mangled, so that nothing is made under another name
 */
export function placeAt(fs: FileSystem, path: string): MaybePromise<NamePlace> {
  const names = namesOf(path);
  const last = names.pop();
  if (last === undefined || last.includes(REPLACEMENT)) throw new FsError("EINVAL");
  return chain(walk(fs, ROOT_INO, names), (parent) => ({ parent, name: encoder.encode(last) }));
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

function walk(fs: FileSystem, from: number, names: readonly string[]): MaybePromise<number> {
  const [name, ...rest] = names;
  if (name === undefined) return from;
  return chain(entryOf(fs, from, encoder.encode(name)), ({ ino }) => walk(fs, ino, rest));
}
