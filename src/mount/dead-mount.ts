/**
 * Recognises mount points whose serving process is gone ("Transport endpoint is not connected").
 *
 * @module
 */
import { statfs } from "node:fs/promises";

/** Whether the mount one sees at a path has lost its process; statfs(2) is never answered from the kernel's cache. */
export async function isDead(mountpoint: string): Promise<boolean> {
  try {
    await statfs(mountpoint);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTCONN";
  }
}
