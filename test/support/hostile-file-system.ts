/**
 * A file system in memory that lies: directories show what the test says, as a vault made by an enemy may.
 *
 * @module
 */
import type { Attributes, Directory, DirectoryEntry } from "../../src/core/fs/file-system.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";

/** What a directory shows: a name, and the inode behind it (undefined: its record is damaged). */
export type Lie = readonly [name: string | Uint8Array, attributes: Attributes | undefined];

export class HostileFileSystem extends MemoryFileSystem {
  readonly #lies = new Map<number, readonly Lie[]>();

  /** Shows these entries in place of what is there. */
  lie(ino: number, entries: readonly Lie[]): void {
    this.#lies.set(ino, entries);
  }

  override opendir(ino: number): Directory {
    const lies = this.#lies.get(ino);
    if (lies === undefined) return super.opendir(ino);
    const entries = lies.map(([name, attributes], index): DirectoryEntry => {
      const entry = { name: Buffer.from(name), ino: 0, type: 0, cookie: index + 1 };
      return attributes === undefined ? entry : { ...entry, attributes };
    });
    return { read: (cookie, limit) => entries.slice(cookie, cookie + limit) };
  }
}
