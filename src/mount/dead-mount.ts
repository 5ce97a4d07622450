/**
 * Recognises mount points whose serving process is gone ("Transport endpoint is not connected").
 *
 * @module
 */
import { stat } from "node:fs/promises";

/** Whether the mount one sees at a path has lost its process. */
export async function isDead(mountpoint: string): Promise<boolean> {
  try {
    await stat(mountpoint);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTCONN";
  }
}
