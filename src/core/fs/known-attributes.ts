/**
 * Attributes of inodes, told to a driver that can answer for them by itself: writing and reading put times out of date in the
 * kernel, which then asks once for each file it is asked about.
 *
 *     asked for, or written --tell--> held by the driver --changed--> told anew, or recalled
 *
 * 1. What is told holds when it is told: in the turn in which it was read, or the change was made.
 * 2. Before an inode changes, in the same turn, it is told anew or recalled. Blocks that only drafts know are counted as well, so
 *    whoever makes or drops drafts recalls the inode, unless a change of its record in the same turn does.
 * 3. Only what is held already is told anew for every change: most inodes that change are never asked about.
 *
 * @module
 */
import { getU64 } from "../base/bytes.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import { KEY_PREFIX, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import type { AttributeHolder } from "./attribute-holder.ts";
import type { Drafts } from "./drafts.ts";
import { InodeRecord } from "./inode-record.ts";

export class KnownAttributes {
  readonly #drafts: Drafts;
  #holder: AttributeHolder | undefined;

  constructor(drafts: Drafts) {
    this.#drafts = drafts;
  }

  /** Tells a holder from now on. */
  hold(holder: AttributeHolder): void {
    this.#holder = holder;
  }

  /** Tells what an inode is like now. */
  tell(inode: InodeRecord): void {
    this.#holder?.tell(inode, this.#drafts.unmapped(inode.ino));
  }

  /** Tells what an inode will be like when a transaction has been made, which changes it for the last time. */
  tellWhenMade(transaction: Transaction, inode: InodeRecord): void {
    if (this.#holder !== undefined) transaction.onApplied(() => this.tell(inode));
  }

  recall(ino: number): void {
    this.#holder?.recall(ino);
  }

  recallAll(): void {
    this.#holder?.recallAll();
  }

  /** Records are about to change. Drafts may change along with them, so files that have some are recalled. */
  note(changes: readonly LoggedChange[]): void {
    const holder = this.#holder;
    if (holder === undefined) return;
    for (const { key, value } of changes) {
      if (key[KEY_PREFIX - 1] !== KeyKind.attributes) continue;
      const ino = getU64(key, 0);
      if (!holder.holds(ino)) continue;
      if (value === undefined || this.#drafts.has(ino)) holder.recall(ino);
      else holder.tell(new InodeRecord(ino, value), 0);
    }
  }
}
