/**
 * The entry of a name that has to be there.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { chain, type MaybePromise } from "../base/maybe-promise.ts";
import type { Attributes, FileSystem } from "./file-system.ts";

/** @throws FsError ENOENT, and what `lookup` throws */
export function entryOf(
  fs: FileSystem,
  parent: number,
  name: Uint8Array,
): MaybePromise<Attributes> {
  return chain(fs.lookup(parent, name), (attributes) => {
    if (attributes !== undefined) return attributes;
    throw new FsError("ENOENT", `no such name in directory ${parent}`);
  });
}
