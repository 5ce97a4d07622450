/**
 * Notifications: what the kernel is told without having asked (`struct fuse_notify_*_out`).
 *
 * @module
 */
import { NotifyCode } from "./flags.ts";
import { REPLY_HEADER, Reply } from "./reply.ts";

/** Offset that leaves the contents of a changed inode alone. */
export const ATTRIBUTES_ONLY = -1;

/** Attributes of an inode are out of date, and its contents when `offset` is not {@link ATTRIBUTES_ONLY}. */
export function encodeInodeChanged(ino: number, offset: number, length: number): Uint8Array {
  return notification(NotifyCode.INVAL_INODE, 24, (body) => {
    body.u64(ino);
    body.u64(offset);
    body.u64(length);
  });
}

export function encodeEntryChanged(parent: number, name: Uint8Array): Uint8Array {
  return notification(NotifyCode.INVAL_ENTRY, 16 + name.length + 1, (body) => {
    body.u64(parent);
    body.u32(name.length);
    body.u32(0);
    body.bytes(name);
    body.zeros(1);
  });
}

export function encodeEntryRemoved(parent: number, child: number, name: Uint8Array): Uint8Array {
  return notification(NotifyCode.DELETE, 24 + name.length + 1, (body) => {
    body.u64(parent);
    body.u64(child);
    body.u32(name.length);
    body.u32(0);
    body.bytes(name);
    body.zeros(1);
  });
}

function notification(code: number, size: number, write: (body: Reply) => void): Uint8Array {
  const bytes = new Uint8Array(REPLY_HEADER + size);
  const body = new Reply(bytes);
  write(body);
  body.finish(0n, code);
  return bytes;
}
