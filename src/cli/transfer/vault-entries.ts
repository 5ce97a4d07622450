/**
 * Directories of a vault, listed in bounded memory.
 *
 * @module
 */
import { isDots } from "../../core/base/names.ts";
import type { DirectoryEntry, FileSystem } from "../../core/fs/file-system.ts";

const BATCH = 256;

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
