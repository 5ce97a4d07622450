/**
 * An object as the catalog knows it.
 *
 * @module
 */
import type { ObjectId } from "../../objects/object-store.ts";

/** An object with pages in it. */
export interface CatalogObject {
  /** Its number in this catalog; no other object has it at the same time. */
  readonly number: number;
  readonly id: ObjectId;
  /** Bytes. */
  readonly length: number;
  /** Position of the record it is attached to; undefined for an object of its own. */
  readonly position: string | undefined;
}
