/**
 * The signal that a page is wanted and not resident.
 *
 * Thrown by {@link PageCache.page} in the middle of a synchronous operation and caught by whoever runs it: the page is
 * fetched and the operation runs again. It is no error, so it carries no stack.
 *
 * @module
 */
import type { PagePointer } from "../format/address.ts";
import type { PageClass } from "../format/page-header.ts";

/** Names the page an operation could not go on without. */
export class PageFault {
  readonly pageClass: PageClass;
  readonly pointer: PagePointer;

  constructor(pageClass: PageClass, pointer: PagePointer) {
    this.pageClass = pageClass;
    this.pointer = pointer;
  }
}
