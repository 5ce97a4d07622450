/**
 * Attributes of an inode from one file system to another.
 *
 * @module
 */
import { toText } from "../../base/bytes.ts";
import { type Attributes, type FileSystem, S_IFLNK, S_IFMT } from "../file-system.ts";
import { damageOf } from "./read-content.ts";

/** An inode that gets the attributes of another. */
export interface AttributeTarget {
  /** What it gets. */
  readonly attributes: Attributes;
  /** Its number in the new file system. */
  readonly ino: number;
}

/**
 * Copies owner, mode, times and extended attributes; these first, since an ACL changes the mode.
 *
 * @param to - undefined to see only what can be read
 * @returns what was lost, for people
 */
export async function copyAttributes(
  from: FileSystem,
  to: FileSystem | undefined,
  { attributes, ino }: AttributeTarget,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of await from.listxattr(attributes.ino)) {
    try {
      const value = await from.getxattr(attributes.ino, name);
      if (value !== undefined) await to?.setxattr(ino, name, value, "set");
    } catch (error) {
      problems.push(`its attribute ${toText(name)} is lost: ${damageOf(error).message}`);
    }
  }
  const { mode, uid, gid, atime, mtime, ctime } = attributes;
  const isLink = (mode & S_IFMT) === S_IFLNK;
  const changes = { uid, gid, atime, mtime, ctime, ...(isLink ? {} : { mode: mode & 0o7777 }) };
  await to?.setattr(ino, changes);
  return problems;
}
