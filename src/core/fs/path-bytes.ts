/**
 * Absolute paths inside a vault, whose names are bytes. The root is empty while names are added, and a slash when it is shown.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";

const SLASH = Uint8Array.of(0x2f);

/** The root, as a path that names are added to. */
export const ROOT_PATH: Uint8Array = new Uint8Array(0);

/** The path of what names lead to from a directory. */
export function joinPath(directory: Uint8Array, ...names: readonly Uint8Array[]): Uint8Array {
  return concatBytes(directory, ...names.flatMap((name) => [SLASH, name]));
}

/** A path as it is shown: `/` for the root. */
export function shownPath(path: Uint8Array): Uint8Array {
  return path.length === 0 ? SLASH : path;
}
