/**
 * Operations on names in directories. Bodies are those of `struct fuse_*_in` of fuse.h, then names, each with a NUL.
 *
 * CREATE is answered ENOSYS, once: the kernel makes files with MKNOD then, and opens them without asking (see `contents.ts`).
 * A file that CREATE has opened it would release, with one more request, as long as no other was opened since the mount.
 *
 * @module
 */

import { FsError } from "../../core/base/errors.ts";
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { isDots } from "../../core/base/names.ts";
import {
  type Attributes,
  type FileSystem,
  type NamePlace,
  type RenameMode,
  S_IFMT,
  S_IFREG,
} from "../../core/fs/file-system.ts";
import { ABSENT, type Answer, DONE } from "../protocol/answer.ts";
import type { Request } from "../protocol/request.ts";
import { type Context, callerOf, creationOf, type Operation } from "./operation.ts";

const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;
const RENAME_WHITEOUT = 4;

export const lookup: Operation = (request, { fs }) => {
  const name = request.name(0);
  if (isDots(name)) return chain(lookupDots(fs, request.ino, name.length), entry);
  return chain(fs.lookup(request.ino, name), entryOrAbsent);
};

export const mknod: Operation = (request, { fs }) => {
  const creation = creationOf(request, request.u32(0), request.u32(8));
  return chain(fs.mknod(request.ino, request.name(16), creation, request.u32(4)), entry);
};

export const mkdir: Operation = (request, { fs }) => {
  const creation = creationOf(request, request.u32(0), request.u32(4));
  return chain(fs.mkdir(request.ino, request.name(8), creation), entry);
};

export const symlink: Operation = (request, { fs }) => {
  const name = request.name(0);
  const target = request.name(name.length + 1);
  return chain(fs.symlink(request.ino, name, target, callerOf(request)), entry);
};

export const link: Operation = (request, { fs }) => {
  return chain(fs.link(request.u64(0), request.ino, request.name(8)), entry);
};

export const tmpfile: Operation = (request, { fs }) => {
  const mode = (request.u32(4) & ~S_IFMT) | S_IFREG;
  return chain(fs.tmpfile(request.ino, creationOf(request, mode, request.u32(8))), created);
};

export const unlink: Operation = (request, { fs }) =>
  chain(fs.unlink(request.ino, request.name(0)), done);

export const rmdir: Operation = (request, { fs }) =>
  chain(fs.rmdir(request.ino, request.name(0)), done);

export const rename: Operation = (request, context) =>
  renameBetween(request, context, { namesAt: 8, flags: 0 });

export const rename2: Operation = (request, context) => {
  return renameBetween(request, context, { namesAt: 16, flags: request.u32(8) });
};

function renameBetween(
  request: Request,
  { fs }: Context,
  { namesAt, flags }: { readonly namesAt: number; readonly flags: number },
): MaybePromise<Answer> {
  const mode = renameModeOf(flags & ~RENAME_WHITEOUT);
  const whiteout = (flags & RENAME_WHITEOUT) === 0 ? undefined : callerOf(request);
  const from: NamePlace = { parent: request.ino, name: request.name(namesAt) };
  const to: NamePlace = {
    parent: request.u64(0),
    name: request.name(namesAt + from.name.length + 1),
  };
  return chain(fs.rename(from, to, mode, whiteout), done);
}

function renameModeOf(flags: number): RenameMode {
  switch (flags) {
    case 0:
      return "replace";
    case RENAME_NOREPLACE:
      return "no-replace";
    case RENAME_EXCHANGE:
      return "exchange";
    default:
      throw new FsError("EINVAL");
  }
}

/**
 * `.` and `..` are looked up where an inode is reached by its number alone (open_by_handle_at(2), NFS), and the kernel holds it
 * no more. So one without a name is open nowhere and as good as gone, although the kernel may not have said so yet.
 */
function lookupDots(fs: FileSystem, ino: number, dots: number): MaybePromise<Attributes> {
  if (dots === 1) return chain(fs.getattr(ino), requireLinked);
  return chain(fs.opendir(ino), (directory) =>
    chain(directory.read(0, 2, "none"), (entries) => {
      const parent = entries.find(
        (candidate) => candidate.name.length === 2 && isDots(candidate.name),
      );
      if (parent === undefined) throw new FsError("ESTALE");
      return fs.getattr(parent.ino);
    }),
  );
}

function requireLinked(attributes: Attributes): Attributes {
  if (attributes.nlink === 0) throw new FsError("ESTALE");
  return attributes;
}

/** That there is no such name is an answer the kernel can remember. */
function entryOrAbsent(attributes: Attributes | undefined): Answer {
  return attributes === undefined ? ABSENT : entry(attributes);
}

function entry(attributes: Attributes): Answer {
  return { kind: "entry", attributes };
}

function created(attributes: Attributes): Answer {
  return { kind: "created", attributes };
}

function done(): Answer {
  return DONE;
}
