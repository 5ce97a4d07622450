/**
 * Removing a local database that holds nothing worth keeping.
 *
 * @module
 */
import { rmSync } from "node:fs";

/** Removes a closed database with its log. @param path - empty for one that was in memory */
export function removeDatabase(path: string): void {
  if (path === "") return;
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
