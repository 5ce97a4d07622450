/**
 * Operations on the contents of files. Files need no handle: the file system answers by inode, and the kernel's
 * reference keeps an inode alive while it is open. So OPEN and FLUSH are answered ENOSYS, once, and not asked again.
 *
 * @module
 */
import { FsError } from "../../core/base/errors.ts";
import { FILE_SIZE_MAX } from "../../core/base/limits.ts";
import { chain, isPending, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { type FallocateMode, type FilePlace, S_ISGID, S_ISUID } from "../../core/fs/file-system.ts";
import { type Answer, DONE } from "../protocol/answer.ts";
import { O_NOATIME, WRITE_KILL_SUIDGID } from "../protocol/flags.ts";
import type { Request } from "../protocol/request.ts";
import type { Context, Operation } from "./operation.ts";
import { type Changer, changerOf, lossOf, takeSetIds } from "./privileges.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const WRITE_IN_SIZE = 40;

/** Where the flags of the open file stand in READ (`struct fuse_read_in`). */
const READ_FLAGS = 32;

/** Bits of fallocate(2). */
const FALLOC_KEEP_SIZE = 0x01;
const FALLOC_OPERATIONS: ReadonlyMap<number, FallocateMode["operation"]> = new Map([
  [0x00, "allocate"],
  [0x02, "punch-hole"],
  [0x08, "collapse-range"],
  [0x10, "zero-range"],
  [0x20, "insert-range"],
]);

export const read: Operation = (request, { fs }) => {
  const offset = request.u64(8);
  if (offset > FILE_SIZE_MAX) return contents([]);
  const keepsAtime = (request.u32(READ_FLAGS) & O_NOATIME) !== 0;
  return chain(fs.read(request.ino, offset, request.u32(16), { keepsAtime }), contents);
};

export const write: Operation = (request, context) => {
  const data = request.bytes(WRITE_IN_SIZE, request.u32(16));
  const place = { ino: request.ino, offset: request.offset(8) };
  const kills = (request.u32(20) & WRITE_KILL_SUIDGID) !== 0;
  if (kills) return writeKilling(context, place, data, changerOf(request));
  return chain(context.fs.write(place.ino, place.offset, data), taken);
};

/**
 * Writes for somebody without CAP_FSETID. The kernel leaves taking set-ID bits away to us, but goes on with the mode it
 * has cached, so it is told when that is out of date.
 */
function writeKilling(
  context: Context,
  { ino, offset }: FilePlace,
  data: Uint8Array,
  changer: Changer,
): MaybePromise<Answer> {
  const { fs } = context;
  const before = chain(fs.getattr(ino), (attributes) =>
    chain(lossOf(attributes, changer), (loss) => ({ loss, mode: attributes.mode })),
  );
  const kept = isPending(before) ? data.slice() : data;
  return chain(before, ({ loss, mode }) =>
    chain(fs.write(ino, offset, kept, { killPrivileges: loss }), (count) => {
      if ((mode & (S_ISUID | S_ISGID)) !== 0) context.expireAttributes(ino);
      return taken(count);
    }),
  );
}

export const fsync: Operation = (request, { fs }) => chain(fs.fsync(request.ino), () => DONE);

export const fallocate: Operation = (request, context) => {
  const flags = request.u32(24);
  const operation = FALLOC_OPERATIONS.get(flags & ~FALLOC_KEEP_SIZE);
  if (operation === undefined) throw new FsError("EOPNOTSUPP");
  const mode = { operation, keepSize: (flags & FALLOC_KEEP_SIZE) !== 0 };
  const { ino } = request;
  const offset = request.offset(8);
  const length = request.offset(16);
  return chain(takeSetIds(context, ino, changerOf(request)), () =>
    chain(context.fs.fallocate(ino, offset, length, mode), () => DONE),
  );
};

export const lseek: Operation = (request, { fs }) => {
  const whence = request.u32(16);
  if (whence !== SEEK_DATA && whence !== SEEK_HOLE) throw new FsError("EINVAL");
  const kind = whence === SEEK_DATA ? "data" : "hole";
  // What is negative comes as more than any file has.
  const offset = request.u64(8);
  if (offset > FILE_SIZE_MAX) throw new FsError("ENXIO");
  return chain(
    fs.lseek(request.ino, offset, kind),
    (offset): Answer => ({ kind: "offset", offset }),
  );
};

/** Its answer has 32 bits for the count, so the length is cut to what they can say. */
export const copyFileRange: Operation = (request, context) => {
  return chain(copy(request, context, 0xffff_0000), taken);
};

export const copyFileRange64: Operation = (request, context) => {
  return chain(
    copy(request, context, Number.MAX_SAFE_INTEGER),
    (count): Answer => ({ kind: "copied", count }),
  );
};

function copy(request: Request, context: Context, lengthMax: number): MaybePromise<number> {
  if (request.u64(48) !== 0) throw new FsError("EINVAL");
  const from = { ino: request.ino, offset: request.offset(8) };
  const to = { ino: request.u64(16), offset: request.offset(32) };
  const length = Math.min(request.u64(40), lengthMax);
  return chain(takeSetIds(context, to.ino, changerOf(request)), () =>
    context.fs.copyFileRange(from, to, length),
  );
}

function contents(pieces: readonly Uint8Array[]): Answer {
  return { kind: "contents", pieces };
}

function taken(count: number): Answer {
  return { kind: "taken", count };
}
