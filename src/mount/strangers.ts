/**
 * Threads of root's that act as somebody else (setfsuid(2)), as file servers do. The kernel lets them into a mount that is
 * root's alone, since it looks at who a thread is and not at whom it acts for; where permissions are not checked, they
 * would be allowed what root is. A request names whom its thread acts for, and 0 where the kernel acts by itself (FORGET,
 * RELEASE, pages written back).
 *
 * What needs no name was opened before, and may be gone on with by whoever was handed it: `su` starts a program whose
 * output root has opened. The kernel lets nobody else than root call by name.
 *
 * @module
 */
import { SetattrFlag } from "./protocol/flags.ts";
import { Opcode } from "./protocol/opcode.ts";
import type { Request } from "./protocol/request.ts";

const ROOT = 0;

/** GETATTR is among them: reading at the end of a file asks whether it has grown. */
const BY_OPEN_FILE: ReadonlySet<number> = new Set([
  ...[Opcode.READ, Opcode.WRITE, Opcode.LSEEK, Opcode.FALLOCATE, Opcode.FSYNC, Opcode.FLUSH],
  ...[Opcode.COPY_FILE_RANGE, Opcode.COPY_FILE_RANGE_64, Opcode.IOCTL, Opcode.POLL],
  ...[Opcode.GETATTR, Opcode.READDIR, Opcode.READDIRPLUS, Opcode.FSYNCDIR],
]);

/**
 * Whether a request on a mount of root's comes from a thread that acts as somebody else, and by name.
 * @throws FsError EINVAL for a malformed request
 */
export function isByStranger(request: Request): boolean {
  return request.uid !== ROOT && !isByOpenFile(request);
}

/** Why such a request is refused, and what to do: for the log of a mount, since whoever made it sees EACCES only. */
export function strangerRefused({ uid }: Request): string {
  return (
    `user ${uid}, for whom a process of root's acted, was refused: this mount is root's alone; ` +
    "mount with -o default_permissions or --allow-other for overlayfs, NFS and other servers"
  );
}

function isByOpenFile(request: Request): boolean {
  if (request.opcode !== Opcode.SETATTR) return BY_OPEN_FILE.has(request.opcode);
  return (request.u32(0) & SetattrFlag.OPEN_FILE) !== 0;
}
