/**
 * Gives a finished inode its name, in place of what may stand there.
 *
 * @module
 */
import type { Attributes, FileSystem, NamePlace } from "../../core/fs/file-system.ts";
import { encodeName } from "../argument-bytes.ts";

let serial = 0;

/**
 * Links an inode under a name; what stands there is replaced in one step.
 * @param existing - what stands under the name now, no directory
 */
export async function placeEntry(
  fs: FileSystem,
  ino: number,
  target: NamePlace,
  existing: Attributes | undefined,
): Promise<void> {
  if (existing === undefined) {
    await fs.link(ino, target.parent, target.name);
    return;
  }
  const place = temporaryPlace(target.parent);
  await fs.link(ino, place.parent, place.name);
  await fs.rename(place, target, "replace");
}

/** A name in a directory that nobody else uses. */
export function temporaryPlace(parent: number): NamePlace {
  return { parent, name: encodeName(`.dvault-put.${process.pid}.${serial++}`) };
}
