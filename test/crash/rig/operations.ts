/**
 * What rigs do to a file system: calls by path, as plain values that can be listed, counted and made again.
 *
 * @module
 */
import { utf8 } from "../../../src/core/base/bytes.ts";
import { entryOf } from "../../../src/core/fs/entry-of.ts";
import {
  type Attributes,
  type FileSystem,
  type NamePlace,
  ROOT_INO,
  S_IFREG,
} from "../../../src/core/fs/file-system.ts";
import { creation } from "../../support/test-file-system.ts";

/** What each call takes. Paths are as `a` or `d/a`. */
export interface Arguments {
  create: { readonly path: string };
  write: Piece & { readonly offset: number };
  append: Piece;
  truncate: { readonly path: string; readonly size: number };
  rename: { readonly path: string; readonly to: string };
  link: { readonly path: string; readonly to: string };
  /** copy_file_range(2) of a whole file to the begin of another. */
  copy: { readonly path: string; readonly to: string };
  symlink: { readonly path: string; readonly target: string };
  /** Sets an extended attribute. */
  tag: { readonly path: string; readonly value: string };
  unlink: { readonly path: string };
  mkdir: { readonly path: string };
  rmdir: { readonly path: string };
  /** From now on, the file outlives its names. */
  hold: { readonly path: string };
  fsync: object;
}

/** Bytes for a file. */
interface Piece {
  readonly path: string;
  readonly length: number;
  /** Decides the bytes. */
  readonly seed: number;
}

/** One call. */
export type Operation = {
  [Name in keyof Arguments]: { readonly do: Name } & Arguments[Name];
}[keyof Arguments];

/** The extended attribute that `tag` sets. */
export const TAG = "user.tag";

const CALLER = { uid: 0, gid: 0 };

/** Makes the call. @throws what the file system throws */
export async function perform(fs: FileSystem, operation: Operation): Promise<void> {
  const call = CALLS[operation.do] as (fs: FileSystem, taken: Operation) => unknown;
  await call(fs, operation);
}

const CALLS: {
  readonly [Name in keyof Arguments]: (fs: FileSystem, taken: Arguments[Name]) => unknown;
} = {
  create: async (fs, { path }) => {
    const { parent, name } = await placeOf(fs, path);
    return fs.mknod(parent, name, creation(S_IFREG | 0o644), 0);
  },
  write: async (fs, piece) => {
    const { ino } = await find(fs, piece.path);
    return fs.write(ino, piece.offset, contentOf(piece));
  },
  append: async (fs, piece) => {
    const { ino, size } = await find(fs, piece.path);
    return fs.write(ino, size, contentOf(piece));
  },
  truncate: async (fs, { path, size }) => fs.setattr((await find(fs, path)).ino, { size }),
  rename: async (fs, { path, to }) =>
    fs.rename(await placeOf(fs, path), await placeOf(fs, to), "replace"),
  link: async (fs, { path, to }) => {
    const { parent, name } = await placeOf(fs, to);
    return fs.link((await find(fs, path)).ino, parent, name);
  },
  copy: async (fs, { path, to }) => {
    const { ino, size } = await find(fs, path);
    const target = await find(fs, to);
    for (let done = 0; done < size; ) {
      const place = { ino: target.ino, offset: done };
      done += await fs.copyFileRange({ ino, offset: done }, place, size - done);
    }
  },
  symlink: async (fs, { path, target }) => {
    const { parent, name } = await placeOf(fs, path);
    return fs.symlink(parent, name, utf8(target), CALLER);
  },
  tag: async (fs, { path, value }) => {
    return fs.setxattr((await find(fs, path)).ino, utf8(TAG), utf8(value), "set");
  },
  unlink: async (fs, { path }) => {
    const { parent, name } = await placeOf(fs, path);
    return fs.unlink(parent, name);
  },
  mkdir: async (fs, { path }) => {
    const { parent, name } = await placeOf(fs, path);
    return fs.mkdir(parent, name, creation(0o755));
  },
  rmdir: async (fs, { path }) => {
    const { parent, name } = await placeOf(fs, path);
    return fs.rmdir(parent, name);
  },
  hold: async (fs, { path }) => fs.retain((await find(fs, path)).ino),
  fsync: (fs) => fs.fsync(ROOT_INO),
};

/** What `write` and `append` write: bytes that no other seed gives, and that do not compress. */
export function contentOf({ seed, length }: Omit<Piece, "path">): Buffer {
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  let state = (seed + 1) * 0x9e3779b1;
  for (let at = 0; at < bytes.length; at += 4) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes.subarray(0, length);
}

async function find(fs: FileSystem, path: string): Promise<Attributes> {
  const { parent, name } = await placeOf(fs, path);
  return entryOf(fs, parent, name);
}

async function placeOf(fs: FileSystem, path: string): Promise<NamePlace> {
  const names = path.split("/");
  const name = utf8(names.pop() ?? "");
  let parent = ROOT_INO;
  for (const directory of names) parent = (await entryOf(fs, parent, utf8(directory))).ino;
  return { parent, name };
}
