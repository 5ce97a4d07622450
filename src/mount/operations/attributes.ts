/**
 * Operations on the attributes of inodes.
 *
 * @module
 */
import { chain } from "../../core/base/maybe-promise.ts";
import type { AttributeChanges, Attributes, Time } from "../../core/fs/file-system.ts";
import type { Answer } from "../protocol/answer.ts";
import { SetattrFlag } from "../protocol/flags.ts";
import type { Request } from "../protocol/request.ts";
import type { Operation } from "./operation.ts";

const PERMISSIONS = 0o7777;
const NSEC_END = 1_000_000_000;

export const getattr: Operation = (request, { fs }) =>
  chain(fs.getattr(request.ino), attributesAnswer);

export const statx: Operation = (request, { fs }) => {
  return chain(fs.getattr(request.ino), (attributes): Answer => ({ kind: "statx", attributes }));
};

export const setattr: Operation = (request, { fs }) => {
  return chain(fs.setattr(request.ino, decodeChanges(request)), attributesAnswer);
};

export const readlink: Operation = (request, { fs }) => {
  return chain(
    fs.readlink(request.ino),
    (target): Answer => ({ kind: "contents", pieces: [target] }),
  );
};

/**
 * Decodes `struct fuse_setattr_in`. A change of owner takes set-ID bits and file capabilities along, whoever makes it
 * (chown(2)); the kernel does not say so.
 */
function decodeChanges(request: Request): AttributeChanges {
  const valid = request.u32(0);
  const changesOwner = (valid & (SetattrFlag.UID | SetattrFlag.GID)) !== 0;
  return {
    ...(valid & SetattrFlag.MODE && { mode: request.u32(68) & PERMISSIONS }),
    ...(valid & SetattrFlag.UID && { uid: request.u32(76) }),
    ...(valid & SetattrFlag.GID && { gid: request.u32(80) }),
    ...(valid & SetattrFlag.SIZE && { size: request.offset(16) }),
    ...(valid & SetattrFlag.ATIME && {
      atime: timeOrNow(request, valid & SetattrFlag.ATIME_NOW, 32, 56),
    }),
    ...(valid & SetattrFlag.MTIME && {
      mtime: timeOrNow(request, valid & SetattrFlag.MTIME_NOW, 40, 60),
    }),
    ...(valid & SetattrFlag.CTIME && { ctime: decodeTime(request, 48, 64) }),
    ...((changesOwner || valid & SetattrFlag.KILL_SUIDGID) && { killPrivileges: true }),
  };
}

function timeOrNow(request: Request, now: number, secAt: number, nsecAt: number): Time | "now" {
  return now === 0 ? decodeTime(request, secAt, nsecAt) : "now";
}

function decodeTime(request: Request, secAt: number, nsecAt: number): Time {
  return { sec: request.i64(secAt), nsec: Math.min(request.u32(nsecAt), NSEC_END - 1) };
}

function attributesAnswer(attributes: Attributes): Answer {
  return { kind: "attributes", attributes };
}
