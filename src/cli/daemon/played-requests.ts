/**
 * Requests of a played kernel: bodies are those of `struct fuse_*_in` of fuse.h.
 *
 * @module
 */
import type { MaybePromise } from "../../core/base/maybe-promise.ts";
import { S_IFREG } from "../../core/fs/file-system.ts";
import { type Body, type PlayedKernel, writeName } from "../../mount/played-kernel.ts";
import { Opcode } from "../../mount/protocol/opcode.ts";

/** Requests, each made when the next is asked for; what is given ends when it is answered. */
export type Scene = Generator<MaybePromise<void>, void>;

/** Bytes of a page of the kernel's. */
export const BLOCK = 4096;

export function lookUp(kernel: PlayedKernel, parent: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.LOOKUP, parent, (body) => writeName(body, name));
}

export function makeFile(kernel: PlayedKernel, parent: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.MKNOD, parent, (body) => {
    body.u32(S_IFREG | 0o644);
    body.zeros(12);
    writeName(body, name);
  });
}

export function makeDirectory(
  kernel: PlayedKernel,
  parent: number,
  name: string,
): MaybePromise<void> {
  return kernel.ask(Opcode.MKDIR, parent, (body) => {
    body.u32(0o755);
    body.zeros(4);
    writeName(body, name);
  });
}

export function unlink(kernel: PlayedKernel, parent: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.UNLINK, parent, (body) => writeName(body, name));
}

export function read(
  kernel: PlayedKernel,
  ino: number,
  at: number,
  size: number,
): MaybePromise<void> {
  return kernel.ask(Opcode.READ, ino, (body) => writeReading(body, 0, at, size));
}

/** `struct fuse_read_in`, of files and directories. */
function writeReading(body: Body, handle: number, at: number, size: number): void {
  body.u64(handle);
  body.u64(at);
  body.u32(size);
  body.zeros(20);
}

export function write(
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

export function fsync(kernel: PlayedKernel, ino: number): MaybePromise<void> {
  return kernel.ask(Opcode.FSYNC, ino, (body) => body.zeros(16));
}

/** @param valid - bits of SetattrFlag; what they stand for is all 0 */
export function setAttributes(
  kernel: PlayedKernel,
  ino: number,
  valid: number,
): MaybePromise<void> {
  return kernel.ask(Opcode.SETATTR, ino, (body) => {
    body.u32(valid);
    body.zeros(84);
  });
}

export function getAttributes(kernel: PlayedKernel, ino: number): MaybePromise<void> {
  return kernel.ask(Opcode.GETATTR, ino, (body) => body.zeros(16));
}

export function getXattr(kernel: PlayedKernel, ino: number, name: string): MaybePromise<void> {
  return kernel.ask(Opcode.GETXATTR, ino, (body) => {
    body.zeros(8);
    writeName(body, name);
  });
}

/** In the layout of `struct fuse_setxattr_in` with SETXATTR_EXT. */
export function setXattr(
  kernel: PlayedKernel,
  ino: number,
  name: string,
  value: Uint8Array,
): MaybePromise<void> {
  return kernel.ask(Opcode.SETXATTR, ino, (body) => {
    body.u32(value.length);
    body.zeros(12);
    writeName(body, name);
    body.bytes(value);
  });
}

/** Opens a directory, lists what fits into so many bytes, and closes it. */
export function* list(kernel: PlayedKernel, directory: number, size: number): Scene {
  yield kernel.ask(Opcode.OPENDIR, directory, (body) => body.zeros(8));
  const handle = kernel.answered;
  yield kernel.ask(Opcode.READDIRPLUS, directory, (body) => writeReading(body, handle, 0, size));
  yield releaseDirectory(kernel, directory, handle);
}

/** Makes the names of a directory durable. */
export function* syncDirectory(kernel: PlayedKernel, directory: number): Scene {
  yield kernel.ask(Opcode.OPENDIR, directory, (body) => body.zeros(8));
  const handle = kernel.answered;
  yield kernel.ask(Opcode.FSYNCDIR, directory, (body) => body.zeros(16));
  yield releaseDirectory(kernel, directory, handle);
}

function releaseDirectory(
  kernel: PlayedKernel,
  directory: number,
  handle: number,
): MaybePromise<void> {
  return kernel.ask(Opcode.RELEASEDIR, directory, (body) => {
    body.u64(handle);
    body.zeros(16);
  });
}

export function forget(kernel: PlayedKernel, ino: number, count: number): void {
  kernel.tell(Opcode.FORGET, ino, (body) => body.u64(count));
}
