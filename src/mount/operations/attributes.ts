/**
 * Operations on the attributes of inodes.
 *
 * @module
 */
import { chain } from "../../core/base/maybe-promise.ts";
import {
  type AttributeChanges,
  type Attributes,
  S_IFDIR,
  S_IFMT,
  type Time,
} from "../../core/fs/file-system.ts";
import { type Answer, DONE, refused } from "../protocol/answer.ts";
import { Errno } from "../protocol/errno.ts";
import { SetattrFlag } from "../protocol/flags.ts";
import type { Request } from "../protocol/request.ts";
import type { Operation } from "./operation.ts";
import { changerOf, lossOf } from "./privileges.ts";

const PERMISSIONS = 0o7777;
const EXECUTE = 0o111;
/** Of access(2). */
const X_OK = 1;
/** Every change a SETATTR can ask for. */
const ALL_MEANT =
  SetattrFlag.MODE |
  SetattrFlag.UID |
  SetattrFlag.GID |
  SetattrFlag.SIZE |
  SetattrFlag.ATIME |
  SetattrFlag.MTIME |
  SetattrFlag.CTIME;
const NSEC_END = 1_000_000_000;

/**
 * Asked only where the kernel does not check permissions, so by root, who may do everything but run what nobody may.
 * Whether a mount is read-only the kernel knows by itself.
 */
export const access: Operation = (request, { fs }) => {
  if ((request.u32(0) & X_OK) === 0) return DONE;
  return chain(fs.getattr(request.ino), ({ mode }) => {
    const isDirectory = (mode & S_IFMT) === S_IFDIR;
    return isDirectory || (mode & EXECUTE) !== 0 ? DONE : refused(Errno.EACCES);
  });
};

export const getattr: Operation = (request, { fs }) =>
  chain(fs.getattr(request.ino), attributesAnswer);

export const statx: Operation = (request, { fs }) => {
  return chain(fs.getattr(request.ino), (attributes): Answer => ({ kind: "statx", attributes }));
};

export const setattr: Operation = (request, { fs }) => {
  const { ino } = request;
  const changes = decodeChanges(request);
  if (!killsPrivileges(request)) return chain(fs.setattr(ino, changes), attributesAnswer);
  const changer = changerOf(request);
  return chain(fs.getattr(ino), (attributes) =>
    chain(lossOf(attributes, changer), (killPrivileges) =>
      chain(fs.setattr(ino, { ...changes, killPrivileges }), attributesAnswer),
    ),
  );
};

export const readlink: Operation = (request, { fs }) => {
  return chain(
    fs.readlink(request.ino),
    (target): Answer => ({ kind: "contents", pieces: [target] }),
  );
};

/**
 * Whether set-ID bits and file capabilities go. A change of owner takes them along, whoever makes it (chown(2)), also one
 * that changes neither user nor group: then nothing at all is marked as meant, as before a change of contents
 * by fallocate(2) and the like.
 */
function killsPrivileges(request: Request): boolean {
  const valid = request.u32(0);
  const kills = SetattrFlag.UID | SetattrFlag.GID | SetattrFlag.KILL_SUIDGID;
  return (valid & kills) !== 0 || (valid & ALL_MEANT) === 0;
}

/** Decodes `struct fuse_setattr_in`. */
function decodeChanges(request: Request): AttributeChanges {
  const valid = request.u32(0);
  const isMeant = (flag: number): boolean => (valid & flag) !== 0;
  const { MODE, UID, GID, SIZE, ATIME, ATIME_NOW, MTIME, MTIME_NOW, CTIME } = SetattrFlag;
  return {
    mode: isMeant(MODE) ? request.u32(68) & PERMISSIONS : undefined,
    uid: isMeant(UID) ? request.u32(76) : undefined,
    gid: isMeant(GID) ? request.u32(80) : undefined,
    size: isMeant(SIZE) ? request.offset(16) : undefined,
    atime: isMeant(ATIME) ? timeOrNow(request, isMeant(ATIME_NOW), 32, 56) : undefined,
    mtime: isMeant(MTIME) ? timeOrNow(request, isMeant(MTIME_NOW), 40, 60) : undefined,
    ctime: isMeant(CTIME) ? decodeTime(request, 48, 64) : undefined,
  };
}

function timeOrNow(request: Request, isNow: boolean, secAt: number, nsecAt: number): Time | "now" {
  return isNow ? "now" : decodeTime(request, secAt, nsecAt);
}

function decodeTime(request: Request, secAt: number, nsecAt: number): Time {
  return { sec: request.i64(secAt), nsec: Math.min(request.u32(nsecAt), NSEC_END - 1) };
}

function attributesAnswer(attributes: Attributes): Answer {
  return { kind: "attributes", attributes };
}
