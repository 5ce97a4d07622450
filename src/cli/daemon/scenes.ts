/**
 * What programs do first on a mount, as the requests the kernel makes of it; bodies are those of `struct fuse_*_in` of fuse.h.
 *
 * Every kind of request comes in the shapes it has later: names that are there and that are not, a tree of more than one
 * node, contents in drafts, packed and in runs. What was optimised for less would be thrown away by the first real request.
 *
 * @module
 */
import type { MaybePromise } from "../../core/base/maybe-promise.ts";
import { ROOT_INO, S_IFREG } from "../../core/fs/file-system.ts";
import { type Body, type PlayedKernel, writeName } from "../../mount/played-kernel.ts";
import { SetattrFlag } from "../../mount/protocol/flags.ts";
import { Opcode } from "../../mount/protocol/opcode.ts";

/** Requests, each made when the next is asked for; what is given ends when it is answered. */
type Scene = Generator<MaybePromise<void>, void>;

/** The large file is twice the cache, so that reading it misses. */
export const CACHE_BYTES: number = 2 ** 22;
const LARGE_BYTES = 2 * CACHE_BYTES;

/** Bytes of a small read or write, and of one of a stream. */
const BLOCK = 4096;
const STREAM = 2 ** 17;

/** Files that a round makes in a directory. */
const FILES = 40;

/** Attributes of this length fill a node of the tree when they are so many. */
const LONG_VALUE = new Uint8Array(4000);
const LONG_VALUES = 20;

/** Bytes of a listing that are asked for at once. */
const LISTING = 2 ** 15;

/** A prime: its multiples lie scattered. */
const SCATTER = 1327;

/** What the kernel asks for before a file is first written to, and `ls -l` of every file. */
const CAPABILITY = "security.capability";
const ACCESS_LIST = "system.posix_acl_access";

const CONTENT = new Uint8Array(STREAM).map((_, i) => i * i);
const SMALL_CONTENT = CONTENT.subarray(0, BLOCK);

/** What tar(1) sets of each file, call by call. */
const AS_ARCHIVED: readonly number[] = [
  SetattrFlag.ATIME | SetattrFlag.ATIME_NOW | SetattrFlag.MTIME,
  SetattrFlag.UID | SetattrFlag.GID,
  SetattrFlag.MODE,
];

/** Plays for ever. */
export function* scenes(kernel: PlayedKernel): Scene {
  yield makeFile(kernel, ROOT_INO, "large");
  const large = kernel.answered;
  for (let at = 0; at < LARGE_BYTES; at += STREAM) yield write(kernel, large, at, CONTENT);
  for (let n = 0; n < LONG_VALUES; n++) yield setLongValue(kernel, large, `user.${n}`);
  yield fsync(kernel, large);
  for (let round = 0; ; round++) {
    yield makeDirectory(kernel, `directory ${round}`);
    const directory = kernel.answered;
    yield* makeFiles(kernel, directory);
    yield fsync(kernel, directory);
    yield* listFiles(kernel, directory);
    yield* removeFiles(kernel, directory);
    yield* useLarge(kernel, large);
  }
}

/** Makes files as `cp` and tar(1) do. */
function* makeFiles(kernel: PlayedKernel, directory: number): Scene {
  for (let n = 0; n < FILES; n++) {
    yield lookUp(kernel, directory, `file ${n}`);
    yield makeFile(kernel, directory, `file ${n}`);
    const ino = kernel.answered;
    yield getAttribute(kernel, ino, CAPABILITY);
    yield write(kernel, ino, 0, SMALL_CONTENT);
    for (const valid of AS_ARCHIVED) yield setAttributes(kernel, ino, valid);
    yield kernel.ask(Opcode.GETATTR, ino, (body) => body.zeros(16));
    yield read(kernel, ino, 0, STREAM);
    forget(kernel, ino, 1);
  }
}

/** Lists and looks as `ls -l` does. */
function* listFiles(kernel: PlayedKernel, directory: number): Scene {
  yield kernel.ask(Opcode.OPENDIR, directory, (body) => body.zeros(8));
  const handle = kernel.answered;
  yield kernel.ask(Opcode.READDIRPLUS, directory, (body) => writeReading(body, handle, 0, LISTING));
  yield kernel.ask(Opcode.RELEASEDIR, directory, (body) => {
    body.u64(handle);
    body.zeros(16);
  });
}

/** Finds, reads and removes files. */
function* removeFiles(kernel: PlayedKernel, directory: number): Scene {
  for (let n = 0; n < FILES; n++) {
    yield lookUp(kernel, directory, `file ${n}`);
    const ino = kernel.answered;
    yield getAttribute(kernel, ino, ACCESS_LIST);
    yield kernel.ask(Opcode.STATX, ino, (body) => body.zeros(24));
    yield read(kernel, ino, 0, BLOCK);
    yield kernel.ask(Opcode.UNLINK, directory, (body) => writeName(body, `file ${n}`));
    forget(kernel, ino, 2);
  }
}

/** Reads and writes here and there in the large file. */
function* useLarge(kernel: PlayedKernel, large: number): Scene {
  for (let n = 0; n < 2 * FILES; n++) {
    const at = ((n * SCATTER) % ((LARGE_BYTES - STREAM) / BLOCK)) * BLOCK;
    yield read(kernel, large, at, BLOCK);
    if (n % 4 === 0) yield read(kernel, large, at, STREAM);
    if (n % 16 === 0) yield write(kernel, large, at, SMALL_CONTENT);
  }
}

function lookUp(kernel: PlayedKernel, parent: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.LOOKUP, parent, (body) => writeName(body, name));
}

function makeFile(kernel: PlayedKernel, parent: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.MKNOD, parent, (body) => {
    body.u32(S_IFREG | 0o644);
    body.zeros(12);
    writeName(body, name);
  });
}

function makeDirectory(kernel: PlayedKernel, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.MKDIR, ROOT_INO, (body) => {
    body.u32(0o755);
    body.zeros(4);
    writeName(body, name);
  });
}

function read(kernel: PlayedKernel, ino: number, at: number, size: number): MaybePromise<void> {
  return kernel.ask(Opcode.READ, ino, (body) => writeReading(body, 0, at, size));
}

/** `struct fuse_read_in`, of files and directories. */
function writeReading(body: Body, handle: number, at: number, size: number): void {
  body.u64(handle);
  body.u64(at);
  body.u32(size);
  body.zeros(20);
}

function write(
  kernel: PlayedKernel,
  ino: number,
  at: number,
  content: Uint8Array,
): MaybePromise<void> {
  return kernel.ask(Opcode.WRITE, ino, (body) => {
    body.u64(0);
    body.u64(at);
    body.u32(content.length);
    body.zeros(20);
    body.bytes(content);
  });
}

function fsync(kernel: PlayedKernel, ino: number): MaybePromise<void> {
  return kernel.ask(Opcode.FSYNC, ino, (body) => body.zeros(16));
}

/** @param valid - bits of SetattrFlag; what they stand for is all 0 */
function setAttributes(kernel: PlayedKernel, ino: number, valid: number): MaybePromise<void> {
  return kernel.ask(Opcode.SETATTR, ino, (body) => {
    body.u32(valid);
    body.zeros(84);
  });
}

function getAttribute(kernel: PlayedKernel, ino: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.GETXATTR, ino, (body) => {
    body.zeros(8);
    writeName(body, name);
  });
}

/** In the layout of `struct fuse_setxattr_in` with SETXATTR_EXT. */
function setLongValue(kernel: PlayedKernel, ino: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.SETXATTR, ino, (body) => {
    body.u32(LONG_VALUE.length);
    body.zeros(12);
    writeName(body, name);
    body.bytes(LONG_VALUE);
  });
}

function forget(kernel: PlayedKernel, ino: number, count: number): void {
  kernel.tell(Opcode.FORGET, ino, (body) => body.u64(count));
}
