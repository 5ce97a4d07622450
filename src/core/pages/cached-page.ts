/**
 * A page in memory.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import type { PageClass } from "../format/page-header.ts";
import type { PageOwner } from "../format/page-owner.ts";

/** A resident page. */
export interface CachedPage extends PagePointer {
  readonly pageClass: PageClass;
  readonly owner: PageOwner;
  /** Plaintext; borrowed until the turn of the event loop ends. Only `PageCache.edit` gives leave to change it. */
  payload: Uint8Array;
}
