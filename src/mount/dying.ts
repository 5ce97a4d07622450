/**
 * Tells whether a thread is being killed (proc(5), `/proc/<pid>/status`).
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/** Bit of SIGKILL in a mask of signals. */
const SIGKILL_BIT = 0x100n;

/** Whether a thread is gone or has SIGKILL pending, which is how the kernel ends it for whatever signal. */
export async function isDying(pid: number): Promise<boolean> {
  try {
    return hasPendingKill(await readFile(`/proc/${pid}/status`, "latin1"));
  } catch {
    return true;
  }
}

/** Whether a status page shows a pending SIGKILL, of the thread (`SigPnd`) or of its process (`ShdPnd`). */
export function hasPendingKill(status: string): boolean {
  const masks = status.matchAll(/^(?:SigPnd|ShdPnd):\t([0-9a-f]+)$/gm);
  return [...masks].some(([, mask]) => (BigInt(`0x${mask}`) & SIGKILL_BIT) !== 0n);
}
