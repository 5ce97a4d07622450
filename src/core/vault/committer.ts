/**
 * Commits: one consistent state of the vault after the other (design invariant 3).
 *
 *     freeze      the root page is made, the open generation ends; from here on calls change copies
 *     flush       what the log must begin with is written, and every page of the frozen generations
 *     publish     pages durable, then one header slot durable
 *     give back   what died two headers ago may be reused
 *
 * 1. A failure before `publish` loses nothing: the pages stay dirty and belong to the next try.
 * 2. After a failed `publish` it is unknown which header is durable, so the vault takes no more changes until it is
 *    opened again.
 * 3. The two slots take turns. {@link Committer.twin} makes both describe the same state with a root page each, so
 *    that any one of them may be lost. A store that never reuses addresses keeps a log of headers, and needs none of it.
 *
 * @module
 */
import { CommitError } from "../base/errors.ts";
import { SEALS_PER_EPOCH } from "../base/limits.ts";
import type { Platform } from "../base/platform.ts";
import { timeNow } from "../base/time.ts";
import { EPOCH_MAX, type VaultKeys } from "../crypto/key-schedule.ts";
import type { PagePointer } from "../format/address.ts";
import { type CommitRoot, encodeCommitRoot, type Snapshot } from "../format/commit-root.ts";
import {
  encodeHeader,
  type Header,
  type KeyDirectories,
  keyDirectoryPages,
} from "../format/header.ts";
import type { PageCache } from "../pages/page-cache.ts";
import type { PageStore } from "../pages/page-store.ts";
import { encodeKey, KeyKind } from "../tree/key.ts";
import { compactNode } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import type { ChangeLog } from "./change-log.ts";
import { directoriesOf } from "./key-directories.ts";
import { isSameState } from "./same-state.ts";
import type { SpaceMap } from "./space.ts";
import type { FlushKind } from "./transaction.ts";

/** Messages counted as sealed for each time a vault is opened: more than a crash can have left uncounted. */
const UNCOUNTED_SEALS = 2 ** 20;

/** What everybody who opens a vault reads first: inode 1, which is the root directory, its names, and orphans. */
const FIRST_READ: readonly Uint8Array[] = [
  encodeKey(1, KeyKind.attributes),
  encodeKey(1, KeyKind.dentry),
  encodeKey(0, KeyKind.orphan),
];

/** What a commit is made of. */
export interface VaultParts {
  readonly store: PageStore;
  readonly platform: Platform;
  readonly keys: VaultKeys;
  readonly pages: PageCache;
  readonly tree: Tree;
  /** Undefined for stores that never reuse addresses. */
  readonly space: SpaceMap | undefined;
  readonly log: ChangeLog;
}

/** The state a vault was opened at. */
export interface PublishedState {
  readonly header: Header;
  readonly root: CommitRoot;
  /** Slot the header stands in; the next one goes to the other. */
  readonly slot: 0 | 1;
  /** Whether the other slot describes the same state. */
  readonly isTwin: boolean;
}

/** Counters that live in the commit root. */
export interface Counters {
  nextIno: number;
  inodes: number;
}

/** The state of the TOC that a commit is about to publish. */
export type FrozenState = Pick<CommitRoot, "generation" | "time" | "toc">;

export class Committer {
  readonly #parts: VaultParts;
  readonly counters: Counters;
  /** Snapshots of the next commit, the oldest first. */
  snapshots: readonly Snapshot[];
  readonly #atFreeze: ((state: FrozenState) => void)[] = [];
  #header: Header;
  #root: CommitRoot;
  #rootPointer: PagePointer;
  /** Of the open generation. */
  #keyDirectories: KeyDirectories;
  /** Pages that whoever opens the commit and lists its root directory reads. */
  #opening: readonly number[] = [];
  #slot: 0 | 1;
  #isTwin: boolean;
  #sealedBase: number;
  #failure: CommitError | undefined;
  /** Addresses that only the other slot's header needs: free once its slot is taken. */
  #spare: readonly number[];

  /** @param state - `spare`: pages that the other slot's header needs, too or alone */
  constructor(
    parts: VaultParts,
    state: PublishedState & { readonly spare: readonly PagePointer[] },
  ) {
    this.#parts = parts;
    this.#header = state.header;
    this.#root = state.root;
    this.#rootPointer = state.header.commitRoot;
    this.#keyDirectories = state.header;
    this.#slot = state.slot;
    this.#isTwin = state.isTwin;
    this.#sealedBase = state.root.sealed + UNCOUNTED_SEALS;
    this.counters = { nextIno: state.root.nextIno, inodes: state.root.inodes };
    this.snapshots = state.root.snapshots;
    const { space } = parts;
    this.#spare = state.spare
      .map(({ address }) => address)
      .filter((address) => space !== undefined && !space.isUsed(address));
  }

  /** Generation of the newest published header. */
  get generation(): number {
    return this.#header.generation;
  }

  get header(): Header {
    return this.#header;
  }

  /** Commit root of the newest published header. */
  get root(): CommitRoot {
    return this.#root;
  }

  /** The reason why no more changes are taken, if there is one. */
  get failure(): CommitError | undefined {
    return this.#failure;
  }

  /** Goes on from a state that others have published. */
  moveTo({ header, root, slot, isTwin }: PublishedState): void {
    this.#header = header;
    this.#root = root;
    this.#rootPointer = header.commitRoot;
    this.#keyDirectories = header;
    this.#slot = slot;
    this.#isTwin = isTwin;
    this.counters.nextIno = root.nextIno;
    this.counters.inodes = root.inodes;
    this.snapshots = root.snapshots;
  }

  /**
   * Calls `body` once, when the next commit freezes the TOC: what it changes is part of that commit.
   * @returns takes it back, unless it was called
   */
  atFreeze(body: (state: FrozenState) => void): () => void {
    this.#atFreeze.push(body);
    return () => {
      const index = this.#atFreeze.indexOf(body);
      if (index >= 0) this.#atFreeze.splice(index, 1);
    };
  }

  /** Takes note that another key seals from now on: what it has sealed counts from nothing. */
  countAnew(): void {
    this.#sealedBase = -this.#parts.pages.seals;
  }

  /** Says where the key directory and its spare are from the next commit on. */
  moveKeyDirectories(moved: Required<KeyDirectories>): void {
    const { pages } = this.#parts;
    for (const pointer of keyDirectoryPages(this.#keyDirectories)) pages.retire(pointer);
    this.#keyDirectories = moved;
  }

  /**
   * Makes one commit of all that is in the page cache, and leaves what that does not have to its log.
   * @param which - what was flushed: of the rest, all that is to be durable goes to the log, or what was before
   * @throws StoreError when pages could not be written (a later commit may succeed); CommitError VAULT_FAILED
   */
  async commit(which: FlushKind): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { pages, store, keys, log } = this.#parts;
    const { root, header } = this.#freeze(which);
    const carried = log.carry(this.counters, which);
    await log.begin(carried);
    await pages.flush("frozen");
    const slot = this.#slot === 0 ? 1 : 0;
    const superseded = store.reusesAddresses ? [] : pages.takeSuperseded();
    try {
      await store.publish(encodeHeader(header, keys), slot, superseded, this.#opening);
    } catch (cause) {
      const message = `commit ${root.generation} failed while it was published; open the vault again to see which state is safe`;
      this.#failure = new CommitError("VAULT_FAILED", message, { cause });
      throw this.#failure;
    }
    const before = { header: this.#header, root: this.#root };
    this.#isTwin = !store.reusesAddresses || isSameState({ header, root }, before);
    this.#header = header;
    this.#root = root;
    this.#slot = slot;
    pages.published();
    if (this.#spare.length > 0) store.release(this.#spare);
    this.#spare = [];
    log.published();
  }

  /** Commits once more if the two header slots describe different states. */
  async twin(): Promise<void> {
    if (!this.#isTwin) await this.commit("all");
  }

  #freeze(which: FlushKind): Pick<PublishedState, "root" | "header"> {
    const { pages, tree, space, store, keys, log: changeLog } = this.#parts;
    const generation = pages.openGeneration;
    const empty = new Uint8Array(0);
    const [page] = pages.add([{ pageClass: "root", owner: { ino: 0, block: 0 }, payload: empty }]);
    if (page === undefined) throw new Error("the page cache made no root page");
    const previous = this.#rootPointer;
    pages.retire(previous);
    this.#rootPointer = { address: page.address, generation };
    const time = timeNow(this.#parts.platform.clock);
    const frozen = { generation, time, toc: tree.root };
    for (const body of this.#atFreeze.splice(0)) body(frozen);
    const sealed = this.#countSeals();
    const log = changeLog.freeze(generation, which);
    const spaceMap = space?.save(pages) ?? [];
    const pagesInUse = (space?.used ?? 0) - (space === undefined ? 0 : pages.deadPages);
    const root: CommitRoot = {
      ...this.#root,
      ...this.counters,
      ...sealed,
      ...frozen,
      snapshots: this.snapshots,
      previous,
      pagesInUse,
      end: store.end,
      spaceMap: [...spaceMap],
      log,
    };
    pages.settle(page, encodeCommitRoot(root));
    const directories = directoriesOf(this.#keyDirectories);
    const paths = FIRST_READ.flatMap((key) => tree.knownPath(key));
    this.#opening = [
      ...new Set([directories.keyDirectory, page, ...paths].map(({ address }) => address)),
    ];
    pages.freeze(compactNode);
    const features = { hasOlderKeys: keys.older.length > 0, hasLog: log !== undefined };
    const commitRoot = this.#rootPointer;
    return {
      root,
      header: { ...this.#header, ...directories, ...features, generation, commitRoot },
    };
  }

  /** Counts the messages the current key has sealed, and goes on to the next key before they are too many. */
  #countSeals(): { readonly epoch: number; readonly sealed: number } {
    const { pages, keys } = this.#parts;
    const sealed = this.#sealedBase + pages.seals + pages.dirtySeals;
    if (sealed < SEALS_PER_EPOCH || keys.epoch === EPOCH_MAX) return { epoch: keys.epoch, sealed };
    keys.enterEpoch(keys.epoch + 1);
    this.#sealedBase = -pages.seals;
    return { epoch: keys.epoch, sealed: pages.dirtySeals };
  }
}
