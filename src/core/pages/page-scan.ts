/**
 * A look at every place where a page may stand, whatever points to it: for recovery.
 *
 * @module
 */
import type { MaybePromise } from "../base/maybe-promise.ts";
import type { PageHeader } from "../format/page-header.ts";

/** A store whose pages can be found without headers, catalogs or trees. */
export interface PageScan {
  /**
   * Headers of all pages that stand where they say they do, in any order. What a header says proves nothing yet: only
   * a page that opens is one.
   * @throws StoreError
   */
  scan(): AsyncIterable<PageHeader>;

  /**
   * Tells how to know a page once the vault is unlocked, for stores where several may claim to be the same.
   * @param isGenuine - whether stored bytes, which are borrowed, open as the page they say they are
   */
  judgeBy?(isGenuine: (stored: Uint8Array) => MaybePromise<boolean>): void;
}
