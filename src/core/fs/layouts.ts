/**
 * Where contents of files stand, told to a driver that can read them by itself: layouts, as pNFS has them (RFC 8881,
 * section 12).
 *
 *     read of whole pages --give--> held by the driver --anything about the file changes--> recalled
 *
 * 1. A layout is given by a read, when all of the file stands in the tree and reading it once more would change nothing:
 *    there are no drafts of it, and the access time is as new as it will get.
 * 2. It is recalled before a change of the inode or its extents is made, in the same turn, so no read comes between. A write
 *    changes the inode's times, whatever else it does.
 * 3. What it says about pages need not be true: a page that is not there yet, or not there any more, does not open as what
 *    the layout names, and whoever finds that asks the file system.
 *
 * @module
 */
import { getU64 } from "../base/bytes.ts";
import { pageNumber } from "../format/address.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import type { PagesInFile } from "../pages/pages-in-file.ts";
import type { RunExtent } from "./extent.ts";

/** A file that can be read past the file system. */
export interface LaidOutFile {
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
  /** Seconds since the epoch from which on a read changes the access time. */
  readonly until: number;
}

/** Blocks of a file that are whole pages side by side. */
export interface Layout extends LaidOutFile {
  readonly block: number;
  readonly count: number;
  /** Number of the first page. */
  readonly page: number;
  readonly generation: number;
}

/** Takes layouts. */
export interface LayoutHolder {
  /** @param pages - how the pages of this and later layouts open; another one than before makes earlier layouts void */
  grant(layout: Layout, pages: PagesInFile): void;
  /** What was granted about a file does not hold any more. */
  recall(ino: number): void;
}

/** Files that have layouts at a time; beyond that all are recalled. */
const FILES_MAX = 4096;

export class Layouts {
  readonly #pages: () => PagesInFile | undefined;
  readonly #given = new Set<number>();
  #holder: LayoutHolder | undefined;

  /** @param pages - how pages open now; undefined where they do not stand in a file */
  constructor(pages: () => PagesInFile | undefined) {
    this.#pages = pages;
  }

  /** Whether somebody takes layouts. */
  get isWanted(): boolean {
    return this.#holder !== undefined;
  }

  /** Gives layouts to a holder from now on. */
  hold(holder: LayoutHolder): void {
    this.#holder = holder;
  }

  /** Gives the layout of some of a file's blocks. */
  give(file: LaidOutFile, runs: readonly RunExtent[]): void {
    const pages = this.#pages();
    if (this.#holder === undefined || pages === undefined) return;
    if (this.#given.size >= FILES_MAX) this.recallAll();
    this.#given.add(file.ino);
    for (const { block, count, address, generation } of runs) {
      const layout = { ...file, block, count, page: pageNumber(address), generation };
      this.#holder.grant(layout, pages);
    }
  }

  /** Takes back what was given about a file. */
  recall(ino: number): void {
    if (this.#given.delete(ino)) this.#holder?.recall(ino);
  }

  recallAll(): void {
    for (const ino of [...this.#given]) this.recall(ino);
  }

  /** Records are about to change. */
  note(changes: readonly LoggedChange[]): void {
    if (this.#given.size === 0) return;
    for (const { key } of changes) this.recall(getU64(key, 0));
  }
}
