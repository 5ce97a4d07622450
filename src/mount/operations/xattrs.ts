/**
 * Operations on extended attributes.
 *
 * @module
 */
import { concatBytes, equalBytes, utf8 } from "../../core/base/bytes.ts";
import { FsError } from "../../core/base/errors.ts";
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { ACL_ACCESS, ACL_DEFAULT } from "../../core/fs/acl.ts";
import { type FileSystem, S_ISGID, type XattrMode } from "../../core/fs/file-system.ts";
import { CAP_SYS_ADMIN, hasCapability } from "../credentials.ts";
import { type Answer, DONE, refused } from "../protocol/answer.ts";
import { Errno } from "../protocol/errno.ts";
import { InitFlag, SETXATTR_ACL_KILL_SGID } from "../protocol/flags.ts";
import type { Request } from "../protocol/request.ts";
import type { Context, Operation } from "./operation.ts";

const PERMISSIONS = 0o7777;
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;
const NUL = Uint8Array.of(0);

const TRUSTED = utf8("trusted.");
const SELINUX_LABEL = utf8("security.selinux");

const NO_DATA = refused(Errno.ENODATA);
const NO_LABELS = refused(Errno.EOPNOTSUPP);

/** What a name may begin with (xattr(7)). */
const NAMESPACES: readonly Uint8Array[] = [utf8("user."), utf8("security."), TRUSTED];

export const getxattr: Operation = (request, { fs }) => {
  const room = request.u32(0);
  const name = attributeName(request, 8);
  return chain(fs.getxattr(request.ino, name), (value) => {
    return value === undefined ? withoutValue(name) : fitted(value, room);
  });
};

/**
 * A file without an SELinux label is answered as if labels were not supported, which is true as far as nobody set any:
 * `ls -l` then asks no other file, which spares it half of its requests.
 */
function withoutValue(name: Uint8Array): Answer {
  return equalBytes(name, SELINUX_LABEL) ? NO_LABELS : NO_DATA;
}

/** Decodes `struct fuse_setxattr_in`, which grew from 8 to 16 bytes with SETXATTR_EXT. */
export const setxattr: Operation = (request, context) => {
  const { fs, agreement } = context;
  const isExtended = (agreement.flags & InitFlag.SETXATTR_EXT) !== 0;
  const nameAt = isExtended ? 16 : 8;
  const name = attributeName(request, nameAt);
  const value = request.bytes(nameAt + name.length + 1, request.u32(0)).slice();
  const mode = xattrModeOf(request.u32(4));
  // The kernel says so of a default list too, which has no say in the mode.
  const killsSetgid =
    isExtended && (request.u32(8) & SETXATTR_ACL_KILL_SGID) !== 0 && equalBytes(name, ACL_ACCESS);
  const { ino } = request;
  const ready = killsSetgid ? clearSetgid(fs, ino) : undefined;
  const isAccess = equalBytes(name, ACL_ACCESS);
  return chain(ready, () =>
    chain(fs.setxattr(ino, name, value, mode), () => {
      if (isAccess) tellMode(context, ino);
      return DONE;
    }),
  );
};

/** A list that decides about access changes the mode, which the kernel thinks of by itself only where it checks lists. */
function tellMode({ agreement, expireAttributes }: Context, ino: number): void {
  if ((agreement.flags & InitFlag.POSIX_ACL) === 0) expireAttributes(ino);
}

export const listxattr: Operation = (request, { fs }) => {
  const room = request.u32(0);
  const { pid } = request;
  return chain(fs.listxattr(request.ino), (names) =>
    chain(shownTo(pid, names), (shown) =>
      fitted(concatBytes(...shown.flatMap((name) => [name, NUL])), room),
    ),
  );
};

export const removexattr: Operation = (request, { fs }) => {
  return chain(fs.removexattr(request.ino, attributeName(request, 0)), () => DONE);
};

/**
 * The name of an attribute. What follows `system.` is known to whoever made it: here, access control lists.
 * @throws FsError EOPNOTSUPP outside of the namespaces of xattr(7), EINVAL for a namespace alone
 */
function attributeName(request: Request, at: number): Uint8Array {
  const name = request.name(at);
  if (equalBytes(name, ACL_ACCESS) || equalBytes(name, ACL_DEFAULT)) return name;
  const space = NAMESPACES.find((prefix) => startsWith(name, prefix));
  if (space === undefined) throw new FsError("EOPNOTSUPP");
  if (name.length === space.length) throw new FsError("EINVAL");
  return name;
}

/** Only a thread with CAP_SYS_ADMIN gets to see that there are attributes of the `trusted` namespace. */
function shownTo(pid: number, names: readonly Uint8Array[]): MaybePromise<readonly Uint8Array[]> {
  const others = names.filter((name) => !startsWith(name, TRUSTED));
  if (others.length === names.length) return names;
  return hasCapability(pid, CAP_SYS_ADMIN).then((isAdmin) => (isAdmin ? names : others));
}

function startsWith(name: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (name[i] !== prefix[i]) return false;
  return true;
}

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
