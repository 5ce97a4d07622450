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
  { do: "create", path: "parts" },
  { do: "write", path: "parts", offset: 0, length: 330 * KIB, seed: 5 },
];

/** Work on {@link CONTENT}. */
export const WORK: readonly Operation[] = [
  // Parts of blocks whose pages nobody has read: the log has them, and the rest is where it was.
  { do: "write", path: "parts", offset: 70 * KIB, length: 3000, seed: 20 },
  { do: "write", path: "parts", offset: 200 * KIB, length: 100, seed: 21 },
  FSYNC,
  { do: "write", path: "parts", offset: 71 * KIB, length: 500, seed: 22 },
  { do: "write", path: "parts", offset: 100 * KIB, length: 60 * KIB, seed: 23 },
  { do: "write", path: "parts", offset: 260 * KIB, length: 700, seed: 24 },
  FSYNC,
  { do: "truncate", path: "parts", size: 270 * KIB },
  { do: "write", path: "parts", offset: 128 * KIB, length: 64 * KIB, seed: 25 },
  { do: "write", path: "parts", offset: 10 * KIB, length: 10, seed: 26 },
  { do: "create", path: "new" },
  { do: "write", path: "new", offset: 0, length: 70 * KIB, seed: 10 },
  FSYNC,
  // A save by rename: the old file whole or the new one.
  { do: "create", path: "draft" },
  { do: "write", path: "draft", offset: 0, length: 90 * KIB, seed: 11 },
  { do: "rename", path: "draft", to: "a" },
  FSYNC,
  { do: "write", path: "d/c", offset: 60 * KIB, length: 10 * KIB, seed: 12 },
  { do: "write", path: "parts", offset: 11 * KIB, length: 10, seed: 27 },
  { do: "copy", path: "parts", to: "d/e" },
  { do: "write", path: "parts", offset: 12 * KIB, length: 10, seed: 28 },
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
  { do: "write", path: "parts", offset: 20 * KIB, length: 5000, seed: 29 },
  { do: "write", path: "d/c", offset: 100 * KIB, length: 5000, seed: 30 },
  FSYNC,
  { do: "unlink", path: "d/c" },
  { do: "rename", path: "d", to: "f" },
  { do: "write", path: "parts", offset: 21 * KIB, length: 5000, seed: 31 },
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
