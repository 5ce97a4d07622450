/**
 * An operation of the protocol: from a request, through the file system, to an answer.
 *
 * @module
 */
import type { MaybePromise } from "../../core/base/maybe-promise.ts";
import type { Caller, Creation, Directory, FileSystem } from "../../core/fs/file-system.ts";
import type { Answer } from "../protocol/answer.ts";
import type { Agreement } from "../protocol/init.ts";
import type { Request } from "../protocol/request.ts";
import type { HandleTable } from "./handle-table.ts";

/** What operations work on. */
export interface Context {
  readonly fs: FileSystem;
  readonly directories: HandleTable<Directory>;
  /** What INIT settled; some requests are laid out by it. */
  readonly agreement: Agreement;
  /** Makes the kernel ask for the attributes of an inode again, before it gets the answer under way. */
  expireAttributes(ino: number): void;
}

/**
 * Decodes a request, calls the file system and says what to answer. Everything the answer needs of the request is
 * taken out of it before the first promise: its buffer is reused.
 *
 * @throws whatever the file system throws, and FsError EINVAL for a malformed request
 */
export type Operation = (request: Request, context: Context) => MaybePromise<Answer>;

/** Who made a request. */
export function callerOf(request: Request): Caller {
  return { uid: request.uid, gid: request.gid };
}

/** What a request that makes an inode asks for. */
export function creationOf(request: Request, mode: number, umask: number): Creation {
  return { mode, umask, caller: callerOf(request) };
}
