/**
 * Operations on the file system as a whole, and on the kernel's references to inodes.
 *
 * @module
 */
import { chain, isPending, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { type Answer, DONE, refused, SILENCE } from "../protocol/answer.ts";
import { Errno } from "../protocol/errno.ts";
import type { Operation } from "./operation.ts";

const FORGET_ONE_SIZE = 16;

export const statfs: Operation = (_request, { fs }) => {
  return chain(fs.statfs(), (statistics): Answer => ({ kind: "statistics", statistics }));
};

export const syncfs: Operation = (_request, { fs }) => chain(fs.syncfs(), () => DONE);

export const forget: Operation = (request, { fs }) => {
  return chain(fs.forget(request.ino, request.u64(0)), () => SILENCE);
};

export const batchForget: Operation = (request, { fs }) => {
  const count = request.u32(0);
  const pending: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const at = 8 + i * FORGET_ONE_SIZE;
    const forgotten: MaybePromise<void> = fs.forget(request.u64(at), request.u64(at + 8));
    if (isPending(forgotten)) pending.push(forgotten);
  }
  return pending.length === 0 ? SILENCE : Promise.all(pending).then(() => SILENCE);
};

/** Nothing to do: the kernel's good-bye, and the end of a file handle nobody gave out. */
export const nothing: Operation = () => DONE;

/** No device is behind any file, which programs know by this errno. */
export const ioctl: Operation = () => refused(Errno.ENOTTY);
