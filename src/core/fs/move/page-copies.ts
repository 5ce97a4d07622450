/**
 * Copies of pages under fresh addresses, made for one transaction. Its function may run several times; a page it asks to be
 * copied again is not copied twice, and a copy that is not used in the end is given back.
 *
 * @module
 */
import type { PagePointer } from "../../format/address.ts";
import type { NewPage, TransactionalVault } from "../../vault/transaction.ts";

/** A page to be copied. */
export interface PageToCopy {
  /** Names the page and what of it is copied. */
  readonly name: string;
  /** Makes the copy. */
  readonly copy: () => NewPage;
}

export class PageCopies {
  readonly #vault: TransactionalVault;
  readonly #made = new Map<string, PagePointer>();
  #used = new Set<string>();

  constructor(vault: TransactionalVault) {
    this.#vault = vault;
  }

  /** A run of the transaction's function begins. */
  begin(): void {
    this.#used = new Set();
  }

  /**
   * Copies pages; comes after everything else that may miss a page.
   * @returns where the copies are, in the order of `pages`
   * @throws StoreError STORE_FULL
   */
  of(pages: readonly PageToCopy[]): readonly PagePointer[] {
    const missing = pages.filter(({ name }) => !this.#made.has(name));
    const added = this.#vault.addPages(missing.map(({ copy }) => copy()));
    for (const [i, { name }] of missing.entries()) {
      const { address, generation } = added[i] as PagePointer;
      this.#made.set(name, { address, generation });
    }
    for (const { name } of pages) this.#used.add(name);
    return pages.map(({ name }) => this.#made.get(name) as PagePointer);
  }

  /** Gives back what the last run did not use, or everything when the transaction failed. */
  async settle(isApplied: boolean): Promise<void> {
    const unused = [...this.#made].filter(([name]) => !(isApplied && this.#used.has(name)));
    if (unused.length === 0) return;
    await this.#vault.transact((transaction) => {
      for (const [, pointer] of unused) transaction.release(pointer);
    });
  }
}
