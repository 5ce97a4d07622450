/**
 * A vault: one TOC over the pages of one store, unlocked.
 *
 * Calls run as transactions (see {@link Vault.transact}), commits publish what they did; see `committer.ts` for how.
 *
 * @module
 */
import type { BufferPool } from "../base/buffer-pool.ts";
import { CommitError } from "../base/errors.ts";
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { Argon2Cost, Platform } from "../base/platform.ts";
import { DEFAULT_ARGON2 } from "../crypto/kdf-limits.ts";
import type { KeySlot, VaultSecret } from "../crypto/key-slot.ts";
import type { Credentials } from "../crypto/unlock.ts";
import type { PagePointer } from "../format/address.ts";
import { chooseHeader } from "../format/choose-header.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import type { LogPlace } from "../format/log-place.ts";
import type { PageStore, StoreSpace } from "../pages/page-store.ts";
import type { PagesInFile } from "../pages/pages-in-file.ts";
import { prefetch } from "../pages/prefetch.ts";
import { differenceOf, type InodeSpan, type TreeDifference } from "../tree/tree-difference.ts";
import { Committer, type VaultParts } from "./committer.ts";
import { createState } from "./create-state.ts";
import { Durability } from "./durability.ts";
import type { Flush } from "./flushes.ts";
import { Inspection } from "./inspection.ts";
import { KeyRing } from "./key-ring.ts";
import { newerState } from "./newer-state.ts";
import { openParts, type PartsOptions } from "./open-parts.ts";
import type { OpenedState } from "./open-state.ts";
import { replayLog } from "./replay-log.ts";
import { Residence } from "./residence.ts";
import { Snapshots } from "./snapshots.ts";
import { TocNodes } from "./toc-nodes.ts";
import type { LogSource, NewPage, Transaction, TransactionalVault } from "./transaction.ts";
import { TreeTransaction } from "./tree-transaction.ts";
import { WriteBehind } from "./write-behind.ts";

/** Clean pages kept unless told otherwise, bytes. */
const DEFAULT_CACHE_BYTES: number = 64 * 2 ** 20;

/** Pages that data leaves to what a commit needs: tree nodes, roots, maps. */
const RESERVED_PAGES = 64;

/** How a vault is made. */
export interface CreateOptions {
  /** Makes the first key slots; the key is wiped when the vault is closed. */
  readonly makeSlots: (secret: VaultSecret) => Promise<readonly KeySlot[]>;
  /** Cost of password slots made later. */
  readonly argon2?: Argon2Cost;
  readonly cacheBytes?: number;
}

/** How a vault is opened. */
export interface OpenOptions {
  readonly cacheBytes?: number;
  readonly findPages?: PartsOptions["findPages"];
  readonly accept?: PartsOptions["accept"];
}

type ChangeListener = (changes: readonly LoggedChange[]) => void;

export class Vault implements TransactionalVault {
  readonly #parts: VaultParts;
  readonly #committer: Committer;
  readonly #durability: Durability;
  readonly #residence: Residence;
  readonly #listeners: ChangeListener[] = [];
  readonly #writeBehind: WriteBehind;
  /** Key slots: to list, add, change and remove. */
  readonly keys: KeyRing;
  /** States that are kept under a name. */
  readonly snapshots: Snapshots;
  /** Nodes of the TOC: to move and mend them. */
  readonly nodes: TocNodes;
  /** What was not as it should be when the vault was opened. */
  readonly warnings: string[];
  /** Called when something begins to wait for a commit. */
  onDirty: () => void = () => {};
  #logged: readonly Uint8Array[] = [];
  #closed = false;

  private constructor(parts: VaultParts, state: OpenedState) {
    this.#parts = parts;
    this.#committer = new Committer(parts, state);
    this.#durability = new Durability({
      committer: this.#committer,
      log: parts.log,
      checkWritable: () => this.#checkWritable(),
      onDirty: () => this.onDirty(),
    });
    this.#residence = new Residence(parts.pages);
    this.#writeBehind = new WriteBehind(parts.pages);
    this.warnings = [...state.warnings];
    const commit = async (): Promise<void> => {
      this.#checkWritable();
      this.markDirty();
      await this.commit();
    };
    this.keys = new KeyRing(parts, this.#committer, state, commit);
    this.nodes = new TocNodes({
      ...parts,
      residence: this.#residence,
      checkWritable: () => this.#checkWritable(),
      markDirty: () => this.markDirty(),
    });
    this.snapshots = new Snapshots({
      pages: parts.pages,
      residence: this.#residence,
      committer: this.#committer,
      commit,
      transact: (body) => this.transact(body),
      space: () => this.space(),
      onRemoved: () => this.keys.dropOlder(),
    });
  }

  /**
   * Makes a new vault in an empty store, with its first commits durable.
   * @throws StoreError
   */
  static async create(
    store: PageStore,
    platform: Platform,
    options: CreateOptions,
  ): Promise<Vault> {
    const argon2 = options.argon2 ?? DEFAULT_ARGON2;
    const { state, parts } = await createState({
      store,
      platform,
      argon2,
      makeSlots: options.makeSlots,
      cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
    });
    const vault = new Vault(parts, state);
    await vault.#committer.commit("all");
    await vault.#committer.twin();
    return vault;
  }

  /**
   * Opens a vault, for writing unless its store is read-only.
   *
   * @param credentials - borrowed until the promise ends
   * @throws FormatError NOT_A_VAULT, VERSION_UNKNOWN, VAULT_DAMAGED; KeyError WRONG_KEY, KDF_LIMITS; StoreError; what
   *   `accept` throws
   */
  static async open(
    store: PageStore,
    platform: Platform,
    credentials: Credentials,
    options: OpenOptions = {},
  ): Promise<Vault> {
    const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    const place = { store, platform, credentials };
    const { state, parts } = await openParts(place, { ...options, cacheBytes });
    const vault = new Vault(parts, state);
    // What died in the last commit is about to be reused, so the other slot must not need it any more.
    if (!store.readOnly) await vault.#committer.twin();
    if (!store.readOnly && state.isSpareUsed) await vault.keys.renew();
    if (state.root.log !== undefined) await vault.#replay(state.root.log);
    return vault;
  }

  /** Goes on from the newest commit to what its log says. */
  async #replay(place: LogPlace): Promise<void> {
    const { pages, log, tree } = this.#parts;
    const { counters } = this.#committer;
    const residence = this.#residence;
    const { last, drafts, lost, isCut } = await replayLog(place, { pages, tree, residence });
    log.markApplied();
    this.#logged = drafts;
    if (drafts.length === 0) log.release();
    if (lost > 0) this.warnings.push(`${lost} of the newest changes are lost: the tree is damaged`);
    if (isCut) this.warnings.push("the newest changes are lost: the log of them is damaged");
    if (last === undefined) return;
    if (!place.isApplied) {
      counters.nextIno = last.nextIno;
      counters.inodes = last.inodes;
    }
    if (!this.readOnly) this.markDirty();
  }

  takeLogged(): readonly Uint8Array[] {
    const logged = this.#logged;
    this.#logged = [];
    this.#parts.log.release();
    return logged;
  }

  get readOnly(): boolean {
    return this.#parts.store.readOnly;
  }

  /** Random bytes that name the vault, 16. */
  get id(): Uint8Array {
    return this.#committer.header.vaultId;
  }

  /** Number of the newest commit. */
  get generation(): number {
    return this.#committer.generation;
  }

  get buffers(): BufferPool {
    return this.#parts.pages.buffers;
  }

  get inodes(): number {
    return this.#committer.counters.inodes;
  }

  /** Bytes of pages that wait for a commit. */
  get dirtyBytes(): number {
    return this.#parts.pages.dirtyBytes;
  }

  /** Whether a crash now would lose nothing. */
  get isSafe(): boolean {
    return this.#durability.isSafe;
  }

  /** Bytes of clean pages in memory. */
  get cacheBytes(): number {
    return this.#parts.pages.cleanBytes;
  }

  /** Whether something waits for a commit. */
  get isDirty(): boolean {
    return this.#durability.isDirty;
  }

  transact<T>(body: (transaction: Transaction) => T): MaybePromise<T> {
    const { tree, pages } = this.#parts;
    const done = this.#residence.run(() => {
      const transaction = new TreeTransaction(tree, pages, this.#committer.counters.nextIno);
      const result = body(transaction);
      if (transaction.isChange) this.#apply(transaction);
      else transaction.end();
      return result;
    });
    return isPending(done) && this.readOnly ? this.#orNewer(done, body) : done;
  }

  /** A page of a state that is not the vault's any more may be gone; what is asked for is in the newer one. */
  #orNewer<T>(done: Promise<T>, body: (transaction: Transaction) => T): Promise<T> {
    const { generation } = this;
    return done.catch((error: unknown) => {
      if (generation === this.generation) throw error;
      return this.transact(body);
    });
  }

  #apply(transaction: TreeTransaction): void {
    this.#checkWritable();
    transaction.prepare();
    for (const listener of this.#listeners) listener(transaction.changes);
    const { nextIno, inodes } = transaction.apply();
    this.#parts.log.note(transaction.changes, transaction.released);
    this.#committer.counters.nextIno = nextIno;
    this.#committer.counters.inodes += inodes;
    this.markDirty();
  }

  #checkWritable(): void {
    if (this.#committer.failure !== undefined) throw this.#committer.failure;
    if (this.#closed) throw new CommitError("VAULT_CLOSED", "the vault is closed");
    if (this.readOnly) throw new CommitError("VAULT_READ_ONLY", "the vault is open read-only");
  }

  addPages(contents: readonly NewPage[]): readonly PagePointer[] {
    this.#checkWritable();
    const { pages, log } = this.#parts;
    const added = pages.add(contents, RESERVED_PAGES);
    log.refuse();
    this.markDirty();
    this.#writeBehind.begin();
    return added;
  }

  get settling(): Promise<void> | undefined {
    return this.#durability.settling;
  }

  throttle(): Promise<void> | undefined {
    return this.#writeBehind.throttle();
  }

  prefetch(pageClass: "data" | "pack" | "tree", pointers: readonly PagePointer[]): void {
    prefetch(this.#parts.pages, pageClass, pointers);
  }

  takePages(
    pageClass: "data",
    pointers: readonly PagePointer[],
  ): MaybePromise<readonly (Uint8Array | undefined)[]> {
    return this.#parts.pages.take(pageClass, pointers);
  }

  dismiss(pointers: readonly PagePointer[]): void {
    for (const pointer of pointers) this.#parts.pages.dismiss(pointer);
  }

  get pagesInFile(): PagesInFile | undefined {
    return this.#parts.pages.inFile();
  }

  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  onFlush(flush: Flush): void {
    this.#durability.addFlush(flush);
  }

  get keepsLog(): boolean {
    return !this.readOnly && this.#parts.store.sync !== undefined;
  }

  onSync(source: LogSource): void {
    this.#parts.log.addSource(source);
  }

  markDirty(): void {
    this.#durability.markDirty();
  }

  commit(): Promise<void> {
    return this.#durability.commit();
  }

  /** As {@link commit}, without haste, beside others that are made meanwhile. @throws StoreError, CommitError */
  settle(): Promise<void> {
    return this.#durability.settle();
  }

  sync(): MaybePromise<void> {
    return this.#durability.sync();
  }

  /**
   * Goes on to the newest commit of the store, which another process has made; for vaults opened read-only. Key slots stay
   * as they were when it was opened.
   *
   * @param isWanted - whether it is to be told what changed about inodes of a span
   * @returns what is different in the TOC; undefined when there is no newer commit
   * @throws FormatError, PageError when the newest commit does not open: the vault stays where it is; StoreError
   */
  async advance(isWanted: (span: InodeSpan) => boolean): Promise<TreeDifference | undefined> {
    if (!this.readOnly) throw new Error("a vault that is written to cannot follow another writer");
    const { pages, tree, keys } = this.#parts;
    const state = await newerState(this.#parts, this.#committer.header);
    if (state === undefined || this.#closed) return undefined;
    const before = tree.root;
    const { toc: after, epoch } = state.root;
    keys.enterEpoch(epoch);
    tree.moveTo(after);
    this.#committer.moveTo(state);
    return differenceOf(pages, { before, after }, isWanted);
  }

  /** Room in the store; what is in use is known to the vault, also where the store was opened for reading only. */
  space(): StoreSpace {
    const { store, space } = this.#parts;
    const { freePages } = store.space();
    const used = space?.used ?? this.#committer.root.pagesInUse;
    return { totalPages: used + freePages, freePages };
  }

  /** Whether no other process committed since this vault was opened. @throws FormatError, StoreError */
  async isNewest(): Promise<boolean> {
    const { header } = chooseHeader(await this.#parts.store.readHeaders());
    return header.generation === this.generation;
  }

  /** Everything the newest commit consists of, to be checked; commit first to include what was done since. */
  inspect(): Inspection {
    const { header, root } = this.#committer;
    return new Inspection({ pages: this.#parts.pages, root, header });
  }

  /**
   * Commits, and closes the store; keys are wiped also when the commit failed.
   * @throws StoreError, CommitError: what was not committed is lost
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      if (!this.readOnly) {
        if (this.#parts.log.retire()) this.markDirty();
        await this.commit();
        await this.#committer.twin();
      }
    } finally {
      await this.abandon();
    }
  }

  /** Closes the store and wipes the keys; what was not committed is lost. */
  async abandon(): Promise<void> {
    this.#closed = true;
    this.#parts.keys.close();
    await this.#parts.store.close();
  }
}
