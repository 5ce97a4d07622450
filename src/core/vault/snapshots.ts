/**
 * The states of a vault that are kept under a name.
 *
 * A snapshot is an entry in the commit root that points to the TOC as it was (FORMAT.md §5.1), so making one costs a
 * commit. Pages its TOC may need are kept when they die ({@link PageCache.keepUpTo}); removing it sweeps:
 *
 *     hold     a commit; the state it publishes is kept whole until the sweep ends
 *     walk     what the other snapshots reach, what that state reaches, what only the removed ones reach
 *     bury     the removed ones go from the list and their own pages are dead, in one and the same commit
 *
 * So a crash at any time leaves either the snapshot with all its pages, or neither.
 *
 * @module
 */
import { equalBytes } from "../base/bytes.ts";
import { FsError } from "../base/errors.ts";
import { NAME_MAX } from "../base/limits.ts";
import { isEntryName } from "../base/names.ts";
import { SNAPSHOTS_SIZE_MAX, type Snapshot, snapshotsSize } from "../format/commit-root.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { TreeRoot } from "../tree/tree.ts";
import { differenceOf, type TreeDifference, type TreeStates } from "../tree/tree-difference.ts";
import { type DamagedStep, type NodeStep, walkTree } from "../tree/walk-tree.ts";
import type { Committer, FrozenState } from "./committer.ts";
import type { Residence } from "./residence.ts";
import { SnapshotView } from "./snapshot-view.ts";
import type { TransactionalVault } from "./transaction.ts";

/** Walks all nodes of a tree but those that `isKnown` names, with all below them. */
export type Walk = (
  toc: TreeRoot,
  isKnown: (address: number) => boolean,
) => AsyncIterable<NodeStep | DamagedStep>;

/** The trees a sweep compares. */
export interface SweptTrees {
  /** Of snapshots that are removed. */
  readonly removed: readonly TreeRoot[];
  /** Of snapshots that stay. */
  readonly kept: readonly TreeRoot[];
  /** The TOC as it is now. */
  readonly current: TreeRoot;
  readonly walk: Walk;
  readonly transact: TransactionalVault["transact"];
  /** Whether snapshots were made since, which may have any page of the TOC. */
  readonly hasMore: () => boolean;
}

/** What a sweep found. */
export interface Sweep {
  /** Whether a snapshot that stays has a page. */
  readonly isKept: (address: number) => boolean;
  /** Pages that only removed snapshots have. */
  readonly unneeded: Iterable<number>;
  /** Called when the removed ones are off the list, before the commit. */
  readonly settle: () => Promise<void>;
}

/** What snapshots stand on. */
export interface SnapshotParts {
  readonly pages: PageCache;
  readonly residence: Residence;
  readonly committer: Committer;
  /** Commits the vault, also when nothing else changed. @throws CommitError VAULT_READ_ONLY */
  readonly commit: () => Promise<void>;
  readonly transact: TransactionalVault["transact"];
  readonly space: TransactionalVault["space"];
  /** Called when snapshots are gone, durably. */
  readonly onRemoved: () => Promise<void>;
}

/** A state of the TOC that is kept whole while it is looked at. */
export interface HeldState extends FrozenState {
  /** Snapshots of that state. */
  readonly listed: readonly Snapshot[];
  readonly walk: Walk;
}

export class Snapshots {
  readonly #parts: SnapshotParts;
  #removing: Promise<unknown> = Promise.resolve();

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#keepPages();
  }

  /** The oldest first. */
  list(): readonly Snapshot[] {
    return this.#parts.committer.snapshots;
  }

  /** @throws FsError ENOENT */
  find(name: Uint8Array): Snapshot {
    const found = this.list().find((snapshot) => equalBytes(snapshot.name, name));
    if (found === undefined) throw new FsError("ENOENT", "there is no snapshot of that name");
    return found;
  }

  /** Whether a snapshot was not removed; another one may have got its name since. */
  has({ id, generation }: Snapshot): boolean {
    return this.list().some((kept) => kept.id === id && kept.generation === generation);
  }

  /**
   * Keeps the vault as it is now; resolves when that is durable.
   * @param name - 1 to 255 bytes, no `/` and no NUL, neither `.` nor `..`; taken over
   * @throws FsError EEXIST, EINVAL, ENAMETOOLONG, ENOSPC when there are too many; StoreError, CommitError
   */
  async create(name: Uint8Array): Promise<Snapshot> {
    checkName(name);
    this.#checkFree(name);
    return this.#commitWith(({ generation, time, toc }) => {
      this.#checkFree(name);
      const { committer } = this.#parts;
      const id = 1 + Math.max(0, ...this.list().map((snapshot) => snapshot.id));
      const snapshot: Snapshot = { id, name, time, generation, toc };
      committer.snapshots = [...committer.snapshots, snapshot];
      this.#keepPages();
      return snapshot;
    });
  }

  #checkFree(name: Uint8Array): void {
    const snapshots = this.list();
    if (snapshots.some((snapshot) => equalBytes(snapshot.name, name))) {
      throw new FsError("EEXIST", "a snapshot of that name exists already");
    }
    if (snapshotsSize([...snapshots, { name }]) > SNAPSHOTS_SIZE_MAX) {
      throw new FsError("ENOSPC", `${snapshots.length} snapshots are all the vault can list`);
    }
  }

  /** Commits. @returns what `body` makes of the state that is published */
  async #commitWith<T>(body: (state: FrozenState) => T): Promise<T> {
    const { committer, commit } = this.#parts;
    const results: (() => T)[] = [];
    const takeBack = committer.atFreeze((state) => {
      try {
        const result = body(state);
        results.push(() => result);
      } catch (error) {
        results.push(() => {
          throw error;
        });
      }
    });
    try {
      await commit();
    } finally {
      takeBack();
    }
    const [result] = results;
    if (result === undefined) throw new Error("a commit was made that froze nothing");
    return result();
  }

  #keepPages(): void {
    const generations = this.list().map((snapshot) => snapshot.generation);
    this.#parts.pages.keepUpTo(Math.max(-1, ...generations));
  }

  /** The vault as a snapshot has it, to be read. */
  view(snapshot: Snapshot): TransactionalVault {
    return this.viewOf(snapshot.toc, () => this.has(snapshot));
  }

  /** The vault as a TOC has it, to be read as long as its pages are there. */
  viewOf(toc: TreeRoot, isThere: () => boolean = () => true): TransactionalVault {
    const { pages, residence, space } = this.#parts;
    return new SnapshotView({ pages, residence, toc, space, isThere });
  }

  /** Runs work during which no snapshot is removed; other work of that kind comes before or after it. */
  whileKept<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#removing.then(work);
    this.#removing = working.catch(() => {});
    return working;
  }

  /** All nodes of a state. @throws StoreError */
  walk(toc: TreeRoot): AsyncIterable<NodeStep | DamagedStep> {
    return walkTree(this.#parts.pages, toc);
  }

  /** What two states do not share. */
  difference(states: TreeStates): Promise<TreeDifference> {
    return differenceOf(this.#parts.pages, states, () => true);
  }

  /**
   * Commits, and runs work on the state of that commit, of which nothing goes meanwhile; as {@link whileKept}.
   * @throws StoreError; CommitError VAULT_READ_ONLY
   */
  whileHeld<T>(work: (state: HeldState) => Promise<T>): Promise<T> {
    return this.whileKept(async () => {
      const state = await this.#hold();
      try {
        return await work(state);
      } finally {
        this.#letGo();
      }
    });
  }

  /** Commits, and keeps what that commit has until the pages are let go. */
  async #hold(): Promise<HeldState> {
    const { pages } = this.#parts;
    const walk: Walk = (toc, isKnown) => walkTree(pages, toc, ({ address }) => isKnown(address));
    try {
      return await this.#commitWith((state) => {
        pages.hold();
        return { ...state, listed: this.list(), walk };
      });
    } catch (error) {
      this.#letGo();
      throw error;
    }
  }

  /** Ends a hold with everything as it was. */
  #letGo(): void {
    this.#parts.pages.letGo(() => true, []);
  }

  /**
   * Removes snapshots and frees what only they have; resolves when that is durable. One removal comes after the other.
   * @param sweep - tells which pages that is; rejects to leave everything as it is
   * @throws StoreError, CommitError
   */
  remove(ids: ReadonlySet<number>, sweep: (trees: SweptTrees) => Promise<Sweep>): Promise<void> {
    return this.whileKept(() => this.#removeNow(ids, sweep));
  }

  async #removeNow(
    ids: ReadonlySet<number>,
    sweep: (trees: SweptTrees) => Promise<Sweep>,
  ): Promise<void> {
    const { pages, committer, commit, transact } = this.#parts;
    const { toc: current, listed, walk } = await this.#hold();
    const tocsOf = (isRemoved: boolean): readonly TreeRoot[] =>
      listed.filter(({ id }) => ids.has(id) === isRemoved).map(({ toc }) => toc);
    const trees = { removed: tocsOf(true), kept: tocsOf(false), current, walk, transact };
    const hasMore = (): boolean => this.list().some((snapshot) => !listed.includes(snapshot));
    let found: Sweep;
    try {
      found = await sweep({ ...trees, hasMore });
    } catch (error) {
      this.#letGo();
      throw error;
    }
    committer.snapshots = this.list().filter(({ id }) => !ids.has(id));
    this.#keepPages();
    pages.letGo(found.isKept, found.unneeded);
    await found.settle();
    await commit();
    await this.#parts.onRemoved();
  }
}

/** @throws FsError EINVAL, ENAMETOOLONG */
function checkName(name: Uint8Array): void {
  if (name.length > NAME_MAX) {
    throw new FsError("ENAMETOOLONG", `a snapshot's name has at most ${NAME_MAX} bytes`);
  }
  if (!isEntryName(name)) {
    throw new FsError(
      "EINVAL",
      "a snapshot cannot have that name: give one without / and NUL, and not . or ..",
    );
  }
}
