/**
 * A little of everything: what is there before a trial, and what is done in it.
 *
 * @module
 */
import type { Operation } from "./operations.ts";

const KIB = 1024;
const FSYNC: Operation = { do: "fsync" };

/** Files of every kind: in the tree, in a pack, in pages of their own. */
export const CONTENT: readonly Operation[] = [
  { do: "create", path: "a" },
  { do: "write", path: "a", offset: 0, length: 100 * KIB, seed: 1 },
  { do: "create", path: "b" },
  { do: "write", path: "b", offset: 0, length: 500, seed: 2 },
  { do: "mkdir", path: "d" },
  { do: "create", path: "d/c" },
  { do: "write", path: "d/c", offset: 0, length: 200 * KIB, seed: 3 },
  { do: "tag", path: "d/c", value: "old" },
  { do: "create", path: "d/e" },
  { do: "append", path: "d/e", length: 5000, seed: 4 },
  { do: "symlink", path: "s", target: "d/c" },
];

/** Work on {@link CONTENT}. */
export const WORK: readonly Operation[] = [
  { do: "create", path: "new" },
  { do: "write", path: "new", offset: 0, length: 70 * KIB, seed: 10 },
  FSYNC,
  // A save by rename: the old file whole or the new one.
  { do: "create", path: "draft" },
  { do: "write", path: "draft", offset: 0, length: 90 * KIB, seed: 11 },
  { do: "rename", path: "draft", to: "a" },
  FSYNC,
  { do: "write", path: "d/c", offset: 60 * KIB, length: 10 * KIB, seed: 12 },
  { do: "link", path: "d/c", to: "also" },
  { do: "tag", path: "also", value: "new" },
  { do: "truncate", path: "d/e", size: 1000 },
  FSYNC,
  { do: "hold", path: "b" },
  { do: "unlink", path: "b" },
  { do: "copy", path: "d/c", to: "new" },
  { do: "append", path: "new", length: 3000, seed: 13 },
  FSYNC,
  { do: "mkdir", path: "d/sub" },
  { do: "rename", path: "d/e", to: "d/sub/e" },
  { do: "unlink", path: "s" },
  { do: "write", path: "d/sub/e", offset: 300 * KIB, length: 100, seed: 14 },
  FSYNC,
  { do: "unlink", path: "d/c" },
  { do: "rename", path: "d", to: "f" },
  { do: "truncate", path: "also", size: 250 * KIB },
  { do: "create", path: "many" },
  { do: "write", path: "many", offset: 0, length: 1100 * KIB, seed: 15 },
  FSYNC,
  { do: "truncate", path: "many", size: 100 },
  { do: "mkdir", path: "empty" },
  { do: "rmdir", path: "empty" },
  { do: "unlink", path: "a" },
  FSYNC,
];
