/**
 * Holds the attributes that a file system tells, and sees whether they are true.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { isPending } from "../../src/core/base/maybe-promise.ts";
import type { AttributeHolder, StoredInode } from "../../src/core/fs/attribute-holder.ts";
import type { Attributes, FileSystem } from "../../src/core/fs/file-system.ts";
import { InodeRecord } from "../../src/core/fs/inode-record.ts";

/** See the head of this file. */
export class AttributeKeeper implements AttributeHolder {
  readonly #held = new Map<number, Attributes>();
  /** Inodes that were compared so far. */
  compared = 0;

  tell({ ino, bytes }: StoredInode, unmapped: number): void {
    this.#held.set(ino, new InodeRecord(ino, bytes).attributes(unmapped));
  }

  holds(ino: number): boolean {
    return this.#held.has(ino);
  }

  recall(ino: number): void {
    this.#held.delete(ino);
  }

  recallAll(): void {
    this.#held.clear();
  }

  /**
   * Compares what is held with what the file system answers at once; an answer that comes later may be about another state.
   * @throws Error when they differ
   */
  async compare(fs: FileSystem): Promise<void> {
    for (const ino of [...this.#held.keys()]) {
      const held = this.#held.get(ino);
      if (held === undefined) continue;
      const answered = fs.getattr(ino);
      if (isPending(answered)) {
        await answered;
        continue;
      }
      if (!isDeepStrictEqual(answered, held)) {
        const both = JSON.stringify({ answered, held });
        throw new Error(`the attributes of inode ${ino} are others: ${both}`);
      }
      this.compared += 1;
    }
  }
}
