/**
 * A look at everything a vault consists of, damaged or not: for checking.
 *
 * @module
 */
import { PageError } from "../base/errors.ts";
import type { PagePointer } from "../format/address.ts";
import type { CommitRoot, Snapshot } from "../format/commit-root.ts";
import { type Header, keyDirectoryPages } from "../format/header.ts";
import type { PageClass } from "../format/page-header.ts";
import { BITS_PER_PAGE, decodeSpacePage, isUsed } from "../format/space-map.ts";
import type { CachedPage } from "../pages/cached-page.ts";
import { fetchPage } from "../pages/fetch-page.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { DamagedStep, NodeStep } from "../tree/walk-tree.ts";
import { walkTree } from "../tree/walk-tree.ts";

/** What an inspection stands on. */
export interface InspectedState {
  readonly pages: PageCache;
  /** Of the newest commit. */
  readonly root: CommitRoot;
  /** Of the same commit. */
  readonly header: Header;
}

export class Inspection {
  readonly #state: InspectedState;

  constructor(state: InspectedState) {
    this.#state = state;
  }

  /** Root of the newest commit. */
  get root(): CommitRoot {
    return this.#state.root;
  }

  /** Pages a header or commit root points to by itself, beside the trees. */
  get ownPages(): readonly PagePointer[] {
    const { root, header } = this.#state;
    const env = root.env ? [root.env] : [];
    return [header.commitRoot, ...this.keyDirectories, ...env, ...root.spaceMap, ...this.logPages];
  }

  /** Pages set aside for the log, written or not. */
  get logPages(): readonly PagePointer[] {
    const { pages = [], generation = 0 } = this.#state.root.log ?? {};
    return pages.map((address) => ({ address, generation }));
  }

  /** The key directory and its spare. */
  get keyDirectories(): readonly PagePointer[] {
    return keyDirectoryPages(this.#state.header);
  }

  /** Whether stored bytes, which are taken over, open as the page they say they are. */
  isGenuine(stored: Uint8Array): Promise<boolean> {
    return this.#state.pages.codec.isGenuine(stored);
  }

  /** All nodes of the newest TOC, in the order of their keys. @throws StoreError */
  toc(): AsyncGenerator<NodeStep | DamagedStep> {
    return walkTree(this.#state.pages, this.root.toc);
  }

  /** All nodes of a snapshot's TOC but those `isKnown` names, with all below them. @throws StoreError */
  tocOf(
    { toc }: Snapshot,
    isKnown?: (pointer: PagePointer) => boolean,
  ): AsyncGenerator<NodeStep | DamagedStep> {
    return walkTree(this.#state.pages, toc, isKnown);
  }

  /**
   * Opens pages of one class.
   * @returns in the order of `pointers`; the error in the place of a page that does not open
   * @throws StoreError
   */
  async read(
    pageClass: PageClass,
    pointers: readonly PagePointer[],
  ): Promise<readonly (CachedPage | PageError)[]> {
    const { pages } = this.#state;
    try {
      await pages.load(pageClass, pointers);
      return pointers.map((pointer) => pages.page(pageClass, pointer));
    } catch (error) {
      if (!(error instanceof PageError)) throw error;
    }
    const results: (CachedPage | PageError)[] = [];
    for (const pointer of pointers) results.push(await this.#readOne(pageClass, pointer));
    return results;
  }

  async #readOne(pageClass: PageClass, pointer: PagePointer): Promise<CachedPage | PageError> {
    try {
      return await fetchPage(this.#state.pages, pageClass, pointer);
    } catch (error) {
      if (error instanceof PageError) return error;
      throw error;
    }
  }

  /**
   * Page numbers that the space map calls used, a page of the map at a time.
   * @returns undefined for stores that need no map; an error in the place of a damaged page of it
   */
  async *spaceMap(): AsyncGenerator<SpacePart | PageError> {
    for (const [index, pointer] of this.root.spaceMap.entries()) {
      const page = await this.#readOne("space", pointer);
      if (page instanceof PageError) {
        yield page;
        continue;
      }
      const bits = decodeSpacePage(page.payload);
      yield {
        first: index * BITS_PER_PAGE,
        count: BITS_PER_PAGE,
        usedEnd: page.payload.length * 8,
        isUsed: (bit) => isUsed(bits, bit),
      };
    }
  }
}

/** What one page of the space map says. */
export interface SpacePart {
  /** Number of the first page it tells of. */
  readonly first: number;
  readonly count: number;
  /** From this bit on, none is used. */
  readonly usedEnd: number;
  /** @param bit - number of a page less `first` */
  isUsed(bit: number): boolean;
}
