/**
 * Holds the layouts that a file system over a {@link MemoryVault} gives, and sees whether they tell the truth.
 *
 * @module
 */

import { concatBytes } from "../../src/core/base/bytes.ts";
import { PAGE_SIZE } from "../../src/core/base/limits.ts";
import { addressOf } from "../../src/core/format/address.ts";
import type { FileSystem } from "../../src/core/fs/file-system.ts";
import type { Layout, LayoutHolder } from "../../src/core/fs/layouts.ts";
import type { PagesInFile } from "../../src/core/pages/pages-in-file.ts";
import type { MemoryVault } from "./memory-vault.ts";

/** What stands for the keys and the file of a vault in memory: its holder looks pages up by itself. */
const SOME_PAGES = {} as PagesInFile;

/** See the head of this file. */
export class LayoutKeeper implements LayoutHolder {
  readonly #vault: MemoryVault;
  /** By inode, then by first block. */
  readonly #layouts = new Map<number, Map<number, Layout>>();
  /** Blocks that were compared so far. */
  compared = 0;

  constructor(vault: MemoryVault) {
    this.#vault = vault;
    vault.pagesInFile = SOME_PAGES;
  }

  grant(layout: Layout): void {
    const known = this.#layouts.get(layout.ino) ?? new Map<number, Layout>();
    this.#layouts.set(layout.ino, known.set(layout.block, layout));
  }

  recall(ino: number): void {
    this.#layouts.delete(ino);
  }

  /** What is held about a file. */
  of(ino: number): Layout[] {
    return [...(this.#layouts.get(ino)?.values() ?? [])];
  }

  /** Whether something is held about a file. */
  has(ino: number): boolean {
    return this.#layouts.has(ino);
  }

  /**
   * Reads all that layouts tell of, and compares it with what the file system reads.
   * @param nowSec - of the file system's clock
   * @throws Error when they differ, or when a read that a layout calls free changes something
   */
  async compare(fs: FileSystem, nowSec: number): Promise<void> {
    for (const layout of [...this.#layouts.values()].flatMap((known) => [...known.values()])) {
      for (let i = 0; i < layout.count; i++) await this.#compareBlock(fs, layout, i, nowSec);
    }
  }

  async #compareBlock(fs: FileSystem, layout: Layout, i: number, nowSec: number): Promise<void> {
    const { ino, size, block, page, generation, until } = layout;
    const offset = (block + i) * PAGE_SIZE;
    const stored = this.#vault.pages.get(addressOf(page + i));
    if (offset >= size || stored?.generation !== generation || !this.has(ino)) return;
    const expected = new Uint8Array(Math.min(PAGE_SIZE, size - offset));
    expected.set(stored.payload.subarray(0, expected.length));
    const before = await fs.getattr(ino);
    const read = concatBytes(...(await fs.read(ino, offset, PAGE_SIZE)));
    const after = await fs.getattr(ino);
    if (before.size !== size) throw new Error(`a layout says ${size} bytes, not ${before.size}`);
    if (Buffer.compare(read, expected) !== 0) throw new Error(`block ${block + i} is another one`);
    const isSame = before.atime.sec === after.atime.sec && before.atime.nsec === after.atime.nsec;
    if (nowSec < until && !isSame) throw new Error("a read changed the access time");
    this.compared += 1;
  }
}
