/**
 * Inodes without extended attributes, told to a driver that can answer for them by itself. Most inodes have none, and the
 * kernel asks: for capabilities at the first write, for access control lists with `ls -l`.
 *
 * An inode is told of where it is seen anyway (made, listed, asked in vain), and taken back before it gets an attribute.
 *
 * @module
 */
import { getU64 } from "../base/bytes.ts";
import type { LoggedChange } from "../format/log-entry.ts";
import { KEY_PREFIX, KeyKind } from "../tree/key.ts";
import type { Transaction } from "../vault/transaction.ts";
import { xattrNames } from "./xattr-record.ts";

/** Takes note of inodes. */
export interface BareHolder {
  /** Whether an inode has no extended attributes, from now on. */
  setBare(ino: number, isBare: boolean): void;
  /** Nothing that was told holds any more. */
  forgetBare(): void;
}

export class BareInodes {
  #holder: BareHolder | undefined;

  /** Tells a holder from now on. */
  hold(holder: BareHolder): void {
    this.#holder = holder;
  }

  /** Tells of an inode that is made without attributes. */
  tell(transaction: Transaction, ino: number): void {
    const holder = this.#holder;
    if (holder !== undefined) transaction.onApplied(() => holder.setBare(ino, true));
  }

  /** Tells of an inode if it has none. @throws PageFault, PageError */
  look(transaction: Transaction, ino: number): void {
    if (this.#holder === undefined || xattrNames(transaction, ino, 1).length > 0) return;
    this.tell(transaction, ino);
  }

  /** Anything may have changed. */
  forget(): void {
    this.#holder?.forgetBare();
  }

  /** Records are about to change. */
  note(changes: readonly LoggedChange[]): void {
    for (const { key } of changes) {
      if (key[KEY_PREFIX - 1] === KeyKind.xattr) this.#holder?.setBare(getU64(key, 0), false);
    }
  }
}
