/**
 * Refuses writes that the store could not hold, at the time they are made: what waits in drafts is counted as if it were
 * stored already, and some pages stay back for the tree, so that files can still be deleted from a full store.
 *
 * @module
 */
import { FsError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/limits.ts";
import type { TransactionalVault } from "../vault/transaction.ts";
import type { Drafts } from "./drafts.ts";
import { RetryAfter } from "./retry-after.ts";

/** Pages kept back: what a commit may need for the tree, and as much again for what drafts do not tell exactly. */
const RESERVED_PAGES = 128;

/** While at least so many bytes are known to be left, the store is not asked again. */
const PLENTY = 256 * 1024 * 1024;

export class Room {
  readonly #vault: TransactionalVault;
  readonly #drafts: Drafts;
  #known = 0;
  #refusedAt = -1;

  constructor(vault: TransactionalVault, drafts: Drafts) {
    this.#vault = vault;
    this.#drafts = drafts;
  }

  /** Bytes that may still be written. */
  get freeBytes(): number {
    const { freePages } = this.#vault.space();
    return Math.max(0, (freePages - RESERVED_PAGES) * PAGE_SIZE - this.#drafts.room);
  }

  /** Takes note that pages died, so that the next commits may make room. */
  freed(): void {
    this.#refusedAt = -1;
  }

  /**
   * Sees to it that so many bytes more can be written; what was deleted is made free first, where that may help.
   * @throws FsError ENOSPC; RetryAfter
   */
  require(bytes: number): void {
    this.#known -= bytes;
    if (this.#known >= PLENTY) return;
    const free = this.freeBytes;
    this.#known = free - bytes;
    if (free >= bytes) return;
    if (free === this.#refusedAt) {
      throw new FsError("ENOSPC", `no room for ${bytes} bytes: ${free} are left`);
    }
    throw new RetryAfter(() => this.#reclaim());
  }

  /** A dead page is free once two headers were published without it. */
  async #reclaim(): Promise<void> {
    await this.#vault.commit();
    this.#vault.markDirty();
    await this.#vault.commit();
    this.#refusedAt = this.freeBytes;
  }
}
