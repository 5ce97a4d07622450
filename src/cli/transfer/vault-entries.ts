/**
 * Directories of a vault, listed in bounded memory.
 *
 * @module
 */
import type { DirectoryEntry, FileSystem } from "../../core/fs/file-system.ts";

const BATCH = 256;
const DOT = 0x2e;

/** Entries with their attributes, one at a time, without `.` and `..`. */
export async function* vaultEntries(
  fs: FileSystem,
  ino: number,
): AsyncGenerator<DirectoryEntry, void, undefined> {
  const directory = await fs.opendir(ino);
  let cookie = 0;
  for (;;) {
    const entries = await directory.read(cookie, BATCH, "all");
    if (entries.length === 0) return;
    for (const entry of entries) {
      cookie = entry.cookie;
      if (!isDots(entry.name)) yield entry;
    }
  }
}

function isDots(name: Uint8Array): boolean {
  return (name.length === 1 || name.length === 2) && name.every((byte) => byte === DOT);
}
