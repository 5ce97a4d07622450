/**
 * The nodes of the TOC of an open vault, for who moves or mends them.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { NodePlace } from "../tree/tree.ts";
import { pathTo, type TreePath } from "../tree/tree-path.ts";
import type { VaultParts } from "./committer.ts";
import type { Residence } from "./residence.ts";

/** What the nodes stand on. */
export interface TocNodesParts extends Pick<VaultParts, "tree" | "pages" | "log"> {
  readonly residence: Residence;
  /** @throws CommitError */
  readonly checkWritable: () => void;
  readonly markDirty: () => void;
}

export class TocNodes {
  readonly #parts: TocNodesParts;

  constructor(parts: TocNodesParts) {
    this.#parts = parts;
  }

  /** The nodes on the way to a key; undefined while there are none. @throws PageError, StoreError */
  pathTo(key: Uint8Array): MaybePromise<TreePath | undefined> {
    const { tree, pages, residence } = this.#parts;
    return residence.run(() => pathTo(pages, tree.root, key));
  }

  /** Gives the node of a key at a level, and those above it, fresh places. @throws PageError, StoreError, CommitError */
  async renew(key: Uint8Array, level: number): Promise<void> {
    const { tree, residence, checkWritable, markDirty } = this.#parts;
    checkWritable();
    await residence.run(() => tree.renew(key, level));
    markDirty();
  }

  /**
   * Takes a node that does not open out of the TOC, with all below: for repairs.
   * @returns false for the root, without which nothing is left
   */
  async prune(place: NodePlace): Promise<boolean> {
    const { tree, log, residence, checkWritable, markDirty } = this.#parts;
    checkWritable();
    const isDone = await residence.run(() => tree.prune(place));
    log.refuse();
    if (isDone) markDirty();
    return isDone;
  }
}
