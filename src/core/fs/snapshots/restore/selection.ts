/**
 * Which part of a tree is meant: all below a directory, or some of its names.
 *
 * @module
 */
import { equalBytes } from "../../../base/bytes.ts";

/** One name, and what is meant below it. */
export interface SelectedName {
  readonly name: Uint8Array;
  readonly below: Selection;
}

/** What is meant below a directory. */
export type Selection = "all" | readonly SelectedName[];

/** A path as names; the root has none. */
export type PathNames = readonly Uint8Array[];

/** What several paths mean together. */
export function selectPaths(paths: readonly PathNames[]): Selection {
  if (paths.some((path) => path.length === 0)) return "all";
  const groups: { readonly name: Uint8Array; readonly rests: PathNames[] }[] = [];
  for (const [name, ...rest] of paths) {
    if (name === undefined) continue;
    const group = groups.find((known) => equalBytes(known.name, name));
    if (group === undefined) groups.push({ name, rests: [rest] });
    else group.rests.push(rest);
  }
  return groups.map(({ name, rests }) => ({ name, below: selectPaths(rests) }));
}
