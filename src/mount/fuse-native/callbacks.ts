/**
 * A file system as fuse-native calls it: by path, or by the number of an open file, one callback a call.
 *
 * Calls come without their maker, so whatever is made belongs to the user who mounts; without the umask, which the
 * kernel has applied; and without flags, so a rename always replaces.
 *
 * @module
 */

import { FsError } from "../../core/base/errors.ts";
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { isDots } from "../../core/base/names.ts";
import {
  type AttributeChanges,
  type Attributes,
  type Creation,
  type DirectoryEntry,
  type FileSystem,
  S_IFREG,
  type XattrMode,
} from "../../core/fs/file-system.ts";
import { HandleTable } from "../operations/handle-table.ts";
import type { Callbacks, Respond } from "./library.ts";
import { inodeAt, placeAt } from "./paths.ts";
import { statFsOf, statOf, timeOf } from "./stat.ts";

/** Runs a call and responds, with what `say` makes of its result or with its errno. */
export type Perform = <T>(
  respond: Respond,
  call: () => MaybePromise<T>,
  say: (result: T) => readonly [status: number, ...values: unknown[]],
) => void;

/** What callbacks share. */
export interface CallbackContext {
  readonly fs: FileSystem;
  readonly perform: Perform;
  /** As `perform`, for a call that is no use of the mount. */
  readonly answer: Perform;
  /** Who everything belongs to that is made. */
  readonly uid: number;
  readonly gid: number;
}

/** The path, or the number of the open file that an inode has. */
type Target = string | number;

const PERMISSIONS = 0o7777;
/** What chown(2) says for "no change". */
const UNCHANGED = 0xffff_ffff;
const LISTING_SIZE = 1000;
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Makes the callbacks of a file system. Extended attributes are read by {@link xattrReaders}. */
export function callbacksOf(context: CallbackContext): Callbacks {
  const files = new HandleTable<number>();
  const inodeOf = (target: Target): MaybePromise<number> =>
    typeof target === "string" ? inodeAt(context.fs, target) : files.get(target);
  return {
    ...fileCallbacks(context, files),
    ...contentCallbacks(context, files),
    ...attributeCallbacks(context, inodeOf),
    ...nameCallbacks(context),
    ...wholeCallbacks(context),
  };
}

/** Opening and closing. An open file is retained, so that it outlives its name. */
function fileCallbacks({ fs, perform, uid, gid }: CallbackContext, files: HandleTable<number>) {
  const opened = (ino: number): number => {
    fs.retain(ino);
    return files.add(ino);
  };
  const open = (path: string, _flags: number, respond: Respond): void =>
    perform(respond, () => chain(inodeAt(fs, path), opened), handed);
  const release = (_path: string, handle: number, respond: Respond): void =>
    perform(
      respond,
      () => {
        const ino = files.get(handle);
        files.remove(handle);
        return fs.forget(ino, 1);
      },
      done,
    );
  const create = (path: string, mode: number, respond: Respond): void => {
    const creation = { mode: (mode & PERMISSIONS) | S_IFREG, umask: 0, caller: { uid, gid } };
    perform(
      respond,
      () =>
        chain(placeAt(fs, path), ({ parent, name }) =>
          chain(fs.mknod(parent, name, creation, 0), ({ ino }) => opened(ino)),
        ),
      handed,
    );
  };
  return { open, release, create };
}

function contentCallbacks({ fs, perform }: CallbackContext, files: HandleTable<number>) {
  return {
    read(...[, handle, room, length, offset, respond]: ReadArguments): void {
      perform(
        respond,
        () => chain(fs.read(files.get(handle), offset, length), (pieces) => fillWith(room, pieces)),
        counted,
      );
    },
    write(...[, handle, data, length, offset, respond]: ReadArguments): void {
      // No Buffer, whose slice() would be no copy.
      const written = new Uint8Array(data.buffer, data.byteOffset, length);
      perform(respond, () => fs.write(files.get(handle), offset, written), counted);
    },
    fsync(_path: string, _dataOnly: number, handle: number, respond: Respond): void {
      perform(respond, () => fs.fsync(files.get(handle)), done);
    },
    fsyncdir(_path: string, _dataOnly: number, _handle: number, respond: Respond): void {
      perform(respond, () => fs.syncfs(), done);
    },
  };
}

type ReadArguments = [
  path: string,
  handle: number,
  room: Buffer,
  length: number,
  offset: number,
  respond: Respond,
];

function attributeCallbacks(
  { fs, perform }: CallbackContext,
  inodeOf: (target: Target) => MaybePromise<number>,
) {
  const look = (target: Target, respond: Respond): void =>
    perform(
      respond,
      () => chain(inodeOf(target), (ino) => fs.getattr(ino)),
      (attributes: Attributes) => [0, statOf(attributes)],
    );
  const change = (target: Target, changes: AttributeChanges, respond: Respond): void =>
    perform(respond, () => chain(inodeOf(target), (ino) => fs.setattr(ino, changes)), done);
  return {
    getattr: look,
    fgetattr: (path: string, handle: number, respond: Respond): void =>
      look(handle === 0 ? path : handle, respond),
    truncate: (path: string, size: number, respond: Respond): void =>
      change(path, { size, killPrivileges: "member" }, respond),
    ftruncate: (_path: string, handle: number, size: number, respond: Respond): void =>
      change(handle, { size, killPrivileges: "member" }, respond),
    chmod: (path: string, mode: number, respond: Respond): void =>
      change(path, { mode: mode & PERMISSIONS }, respond),
    chown: (path: string, uid: number, gid: number, respond: Respond): void =>
      change(
        path,
        { ...owner("uid", uid), ...owner("gid", gid), killPrivileges: "member" },
        respond,
      ),
    utimens: (path: string, atime: number, mtime: number, respond: Respond): void =>
      change(path, { atime: timeOf(atime), mtime: timeOf(mtime) }, respond),
    readlink: (path: string, respond: Respond): void =>
      perform(
        respond,
        () => chain(inodeOf(path), (ino) => fs.readlink(ino)),
        (target: Uint8Array) => [0, decoder.decode(target)],
      ),
    setxattr: (...[path, name, value, , flags, respond]: SetxattrArguments): void => {
      const kept = Uint8Array.from(value);
      perform(
        respond,
        () =>
          chain(inodeOf(path), (ino) =>
            fs.setxattr(ino, xattrName(name), kept, xattrModeOf(flags)),
          ),
        done,
      );
    },
    removexattr: (path: string, name: string, respond: Respond): void =>
      perform(
        respond,
        () => chain(inodeOf(path), (ino) => fs.removexattr(ino, xattrName(name))),
        done,
      ),
  };
}

type SetxattrArguments = [
  path: string,
  name: string,
  value: Uint8Array,
  position: number,
  flags: number,
  respond: Respond,
];

function nameCallbacks({ fs, perform, uid, gid }: CallbackContext) {
  const creation = (mode: number): Creation => ({ mode, umask: 0, caller: { uid, gid } });
  return {
    mknod: (path: string, mode: number, device: number, respond: Respond): void =>
      perform(
        respond,
        () =>
          chain(placeAt(fs, path), ({ parent, name }) =>
            fs.mknod(parent, name, creation(mode), device),
          ),
        done,
      ),
    mkdir: (path: string, mode: number, respond: Respond): void =>
      perform(
        respond,
        () =>
          chain(placeAt(fs, path), ({ parent, name }) => fs.mkdir(parent, name, creation(mode))),
        done,
      ),
    symlink: (target: string, path: string, respond: Respond): void =>
      perform(
        respond,
        () =>
          chain(placeAt(fs, path), ({ parent, name }) =>
            fs.symlink(parent, name, encoder.encode(target), { uid, gid }),
          ),
        done,
      ),
    link: (from: string, to: string, respond: Respond): void =>
      perform(
        respond,
        () =>
          chain(inodeAt(fs, from), (ino) =>
            chain(placeAt(fs, to), ({ parent, name }) => fs.link(ino, parent, name)),
          ),
        done,
      ),
    unlink: (path: string, respond: Respond): void =>
      perform(
        respond,
        () => chain(placeAt(fs, path), ({ parent, name }) => fs.unlink(parent, name)),
        done,
      ),
    rmdir: (path: string, respond: Respond): void =>
      perform(
        respond,
        () => chain(placeAt(fs, path), ({ parent, name }) => fs.rmdir(parent, name)),
        done,
      ),
    rename: (from: string, to: string, respond: Respond): void =>
      perform(
        respond,
        () =>
          chain(placeAt(fs, from), (source) =>
            chain(placeAt(fs, to), (target) => fs.rename(source, target, "replace")),
          ),
        done,
      ),
  };
}

function wholeCallbacks({ fs, perform, answer }: CallbackContext) {
  return {
    readdir: (path: string, respond: Respond): void =>
      perform(
        respond,
        () => chain(inodeAt(fs, path), (ino) => listAll(fs, ino)),
        (entries: readonly Named[]) => [
          0,
          entries.map(({ name }) => name),
          entries.map(({ ino, type }) => ({ ino, mode: type })),
        ],
      ),
    statfs: (_path: string, respond: Respond): void =>
      answer(
        respond,
        () => fs.statfs(),
        (figures) => [0, statFsOf(figures)],
      ),
  };
}

/** Reading extended attributes, which the package would do without looking how much room there is. */
export function xattrReaders({ fs, perform }: CallbackContext): {
  getxattr(respond: Respond, path: string, name: string, room: Buffer): void;
  listxattr(respond: Respond, path: string, room: Buffer): void;
} {
  const answer = (respond: Respond, room: Buffer, value: () => MaybePromise<Uint8Array>): void =>
    perform(
      (status) => respond(status, room.buffer),
      () => chain(value(), (bytes) => fitInto(room, bytes)),
      counted,
    );
  return {
    getxattr: (respond, path, name, room) =>
      answer(respond, room, () =>
        chain(inodeAt(fs, path), (ino) => chain(fs.getxattr(ino, xattrName(name)), present)),
      ),
    listxattr: (respond, path, room) =>
      answer(respond, room, () =>
        chain(inodeAt(fs, path), (ino) =>
          chain(fs.listxattr(ino), (names) =>
            Buffer.concat(names.filter(isOffered).flatMap((name) => [name, Uint8Array.of(0)])),
          ),
        ),
      ),
  };
}

/** An entry whose name is text. */
type Named = Omit<DirectoryEntry, "name"> & { readonly name: string };

/** All entries of a directory; those with names that are not UTF-8 could not be reached, and are left out. */
async function listAll(fs: FileSystem, ino: number): Promise<Named[]> {
  const directory = await fs.opendir(ino);
  const found: Named[] = [];
  let cookie = 0;
  for (;;) {
    const entries = await directory.read(cookie, LISTING_SIZE, "none");
    for (const entry of entries) {
      const name = textOf(entry.name);
      if (name !== undefined) found.push({ ...entry, name });
      cookie = entry.cookie;
    }
    if (entries.length === 0) return found;
  }
}

function textOf(name: Uint8Array): string | undefined {
  if (isDots(name)) return ".".repeat(name.length);
  try {
    return decoder.decode(name);
  } catch {
    return undefined;
  }
}

/** @throws FsError ENODATA */
function present(value: Uint8Array | undefined): Uint8Array {
  if (value !== undefined) return value;
  throw new FsError("ENODATA");
}

/** ACLs would be kept, but not obeyed: the kernel is not told of them. @throws FsError EOPNOTSUPP */
function xattrName(name: string): Uint8Array {
  const bytes = encoder.encode(name);
  if (isOffered(bytes)) return bytes;
  throw new FsError("EOPNOTSUPP");
}

function isOffered(name: Uint8Array): boolean {
  return !Buffer.from(name).toString("latin1").startsWith("system.");
}

function xattrModeOf(flags: number): XattrMode {
  if (flags & XATTR_CREATE) return "create";
  return flags & XATTR_REPLACE ? "replace" : "set";
}

function owner(name: "uid" | "gid", id: number): AttributeChanges {
  return id === UNCHANGED ? {} : { [name]: id };
}

/** @returns bytes copied */
function fillWith(room: Buffer, pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) {
    room.set(piece, length);
    length += piece.length;
  }
  return length;
}

/** Copies a value where there is room; none at all asks how much it needs. @throws FsError ERANGE */
function fitInto(room: Buffer, value: Uint8Array): number {
  if (room.length === 0) return value.length;
  if (value.length > room.length) throw new FsError("ERANGE");
  room.set(value);
  return value.length;
}

function done(): readonly [number] {
  return [0];
}

function counted(count: number): readonly [number] {
  return [count];
}

function handed(handle: number): readonly [number, number] {
  return [0, handle];
}
