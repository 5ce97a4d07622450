/**
 * What the calls of one file system share: the vault, the clock, what is not yet in the tree.
 *
 * @module
 */
import { CommitError, FsError } from "../base/errors.ts";
import { isPending, type MaybePromise } from "../base/maybe-promise.ts";
import type { Clock, Compressor } from "../base/platform.ts";
import type { Transaction, TransactionalVault } from "../vault/transaction.ts";
import { BareInodes } from "./bare-inodes.ts";
import { Drafts } from "./drafts.ts";
import { Fills } from "./fills.ts";
import { InflatedBlocks } from "./inflated-blocks.ts";
import { type InodeRecord, TimeField } from "./inode-record.ts";
import { KnownAttributes } from "./known-attributes.ts";
import { Layouts } from "./layouts.ts";
import { LeftOut } from "./left-out.ts";
import { ListingPasses } from "./listing-passes.ts";
import { LookupCounts } from "./lookup-counts.ts";
import { RetryAfter } from "./retry-after.ts";
import { Room } from "./room.ts";
import { type OnWriteFailure, WriteFailures } from "./write-failures.ts";

/** When reading changes the access time (mount(8)). */
export type AtimePolicy = "relatime" | "noatime" | "strictatime";

/** What a file system is opened with. */
export interface FileSystemOptions {
  readonly clock: Clock;
  readonly compressor: Compressor;
  /** Whether blocks are stored compressed where that saves a quarter; "none" when left out. */
  readonly compression?: "none" | "deflate";
  /** "relatime" when left out. */
  readonly atime?: AtimePolicy;
  /** Bytes of drafts after which they are stored without waiting for a commit; 16 MiB when left out. */
  readonly draftBytes?: number;
  /** Bytes of parts of blocks that may wait for a log's sake before the rest of the oldest is brought in; 16 MiB when left out. */
  readonly partBytes?: number;
  /** Told of what was written and cannot be stored; nobody is when left out. */
  readonly onWriteFailure?: OnWriteFailure;
}

/** The function of a transaction: it may run several times, see {@link Transaction}. */
export type Body<T> = (transaction: Transaction) => T;

const DRAFT_BYTES = 16 * 1024 * 1024;

/** A log has room for twice as much. */
const PART_BYTES = 16 * 1024 * 1024;

export class FsContext {
  readonly vault: TransactionalVault;
  readonly clock: Clock;
  readonly compressor: Compressor;
  readonly compresses: boolean;
  readonly draftBytes: number;
  readonly partBytes: number;
  readonly drafts: Drafts;
  readonly fills: Fills;
  readonly failures: WriteFailures;
  readonly lookups: LookupCounts = new LookupCounts();
  /** Inodes of this session that have no name and are not reclaimed yet. */
  readonly nameless: Set<number> = new Set();
  /** Those of them that nobody refers to any more. */
  readonly forgotten: Set<number> = new Set();
  readonly layouts: Layouts;
  readonly bare: BareInodes = new BareInodes();
  readonly attributes: KnownAttributes;
  readonly leftOut: LeftOut = new LeftOut();
  readonly passes: ListingPasses = new ListingPasses();
  readonly inflated: InflatedBlocks;
  readonly room: Room;
  #atime: AtimePolicy;
  readonly #now: [sec: number, nsec: number] = [0, 0];

  constructor(vault: TransactionalVault, options: FileSystemOptions) {
    this.vault = vault;
    this.layouts = new Layouts(() => vault.pagesInFile);
    vault.onChange((changes) => {
      this.layouts.note(changes);
      this.bare.note(changes);
      this.attributes.note(changes);
    });
    this.drafts = new Drafts(vault.buffers);
    this.attributes = new KnownAttributes(this.drafts);
    this.failures = new WriteFailures(options.onWriteFailure ?? (() => {}));
    this.partBytes = vault.keepsLog ? (options.partBytes ?? PART_BYTES) : 0;
    this.fills = new Fills(this);
    this.clock = options.clock;
    this.compressor = options.compressor;
    this.compresses = options.compression === "deflate";
    this.#atime = vault.readOnly ? "noatime" : (options.atime ?? "relatime");
    this.draftBytes = options.draftBytes ?? DRAFT_BYTES;
    this.inflated = new InflatedBlocks(options.compressor);
    this.room = new Room(vault, this.drafts);
  }

  /** When reading changes the access time, as long as it may change anything. */
  get atime(): AtimePolicy {
    return this.#atime;
  }

  /**
   * Runs a body that makes a change.
   * @throws FsError EROFS
   */
  change<T>(body: Body<T>): MaybePromise<T> {
    if (this.vault.readOnly) throw new FsError("EROFS", "the vault is open read-only");
    return this.#run(body, "change");
  }

  /** Runs a body that changes nothing but access times, and these only while the vault takes changes. */
  view<T>(body: Body<T>): MaybePromise<T> {
    return this.#run(body, "view");
  }

  #run<T>(body: Body<T>, kind: "change" | "view"): MaybePromise<T> {
    try {
      const result = this.vault.transact(body);
      return isPending(result) ? result.catch((error) => this.#again(error, body, kind)) : result;
    } catch (error) {
      return this.#again(error, body, kind);
    }
  }

  #again<T>(error: unknown, body: Body<T>, kind: "change" | "view"): MaybePromise<T> {
    if (error instanceof RetryAfter) return error.work().then(() => this.#run(body, kind));
    const isAccessTime = kind === "view" && error instanceof CommitError;
    if (!isAccessTime || this.#atime === "noatime") throw error;
    this.#atime = "noatime";
    return this.#run(body, kind);
  }

  /** The time now; valid until the next call. */
  now(): readonly [sec: number, nsec: number] {
    this.clock.now(this.#now);
    return this.#now;
  }

  /** Sets times of an inode to now. */
  stamp(inode: InodeRecord, ...fields: readonly TimeField[]): void {
    const [sec, nsec] = this.now();
    for (const field of fields) inode.setTime(field, sec, nsec);
  }

  /** The status of an inode changes now. */
  stampChange(inode: InodeRecord): void {
    const [sec, nsec] = this.now();
    inode.setTime(TimeField.ctime, sec, nsec);
  }

  /** The content of an inode, and so its status, changes now. */
  stampContent(inode: InodeRecord): void {
    const [sec, nsec] = this.now();
    inode.setTime(TimeField.mtime, sec, nsec);
    inode.setTime(TimeField.ctime, sec, nsec);
  }
}
