/**
 * Operations on extended attributes.
 *
 * @module
 */
import { concatBytes } from "../../core/base/bytes.ts";
import { FsError } from "../../core/base/errors.ts";
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { type FileSystem, S_ISGID, type XattrMode } from "../../core/fs/file-system.ts";
import { type Answer, DONE } from "../protocol/answer.ts";
import { InitFlag, SETXATTR_ACL_KILL_SGID } from "../protocol/flags.ts";
import type { Operation } from "./operation.ts";

const PERMISSIONS = 0o7777;
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;
const NUL = Uint8Array.of(0);

export const getxattr: Operation = (request, { fs }) => {
  const room = request.u32(0);
  return chain(fs.getxattr(request.ino, request.name(8)), (value) => fitted(value, room));
};

/** Decodes `struct fuse_setxattr_in`, which grew from 8 to 16 bytes with SETXATTR_EXT. */
export const setxattr: Operation = (request, { fs, agreement }) => {
  const isExtended = (agreement.flags & InitFlag.SETXATTR_EXT) !== 0;
  const nameAt = isExtended ? 16 : 8;
  const name = request.name(nameAt);
  const value = request.bytes(nameAt + name.length + 1, request.u32(0)).slice();
  const mode = xattrModeOf(request.u32(4));
  const killsSetgid = isExtended && (request.u32(8) & SETXATTR_ACL_KILL_SGID) !== 0;
  const { ino } = request;
  const ready = killsSetgid ? clearSetgid(fs, ino) : undefined;
  return chain(ready, () => chain(fs.setxattr(ino, name, value, mode), () => DONE));
};

export const listxattr: Operation = (request, { fs }) => {
  const room = request.u32(0);
  return chain(fs.listxattr(request.ino), (names) => {
    return fitted(concatBytes(...names.flatMap((name) => [name, NUL])), room);
  });
};

export const removexattr: Operation = (request, { fs }) => {
  return chain(fs.removexattr(request.ino, request.name(0)), () => DONE);
};

function xattrModeOf(flags: number): XattrMode {
  if (flags & XATTR_CREATE) return "create";
  return flags & XATTR_REPLACE ? "replace" : "set";
}

function clearSetgid(fs: FileSystem, ino: number): MaybePromise<unknown> {
  return chain(fs.getattr(ino), ({ mode }) =>
    fs.setattr(ino, { mode: mode & PERMISSIONS & ~S_ISGID }),
  );
}

/** Answers with a value; with the room it needs when none was offered. */
function fitted(value: Uint8Array, room: number): Answer {
  if (room === 0) return { kind: "room", size: value.length };
  if (value.length > room) throw new FsError("ERANGE");
  return { kind: "contents", pieces: [value] };
}
