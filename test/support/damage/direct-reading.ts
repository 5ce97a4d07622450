/**
 * Reads a damaged vault as it stands: what is damaged is refused, the rest is as it was.
 *
 * @module
 */

import { DvaultError } from "../../../src/core/base/errors.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import { type FileSystem, ROOT_INO } from "../../../src/core/fs/file-system.ts";
import { describeEntry, type ListedEntry } from "../vault-contents.ts";
import type { Survey } from "./survey.ts";

/** What became of each path. */
export interface DirectReading {
  readonly entries: Readonly<Record<string, ListedEntry>>;
  /** Paths that some call did not get to the end of, and why. */
  readonly refused: ReadonlyMap<string, DvaultError>;
}

/** Looks up every name that was there, and reads what it stands for. @throws whatever is no `DvaultError`: a crash */
export async function readDirectly(fs: FileSystem, { names }: Survey): Promise<DirectReading> {
  const inos = new Map<string, number>([["", ROOT_INO]]);
  const entries: Record<string, ListedEntry> = {};
  const refused = new Map<string, DvaultError>();
  // Directories come before what is in them.
  for (const [path, name] of names) {
    const parent = path.slice(0, path.lastIndexOf("/"));
    const directory = inos.get(parent);
    try {
      if (directory === undefined) throw refused.get(parent);
      const attributes = await entryOf(fs, directory, name);
      inos.set(path, attributes.ino);
      entries[path] = await describeEntry(fs, attributes);
    } catch (error) {
      if (!(error instanceof DvaultError)) throw error;
      refused.set(path, error);
    }
  }
  return { entries, refused };
}
