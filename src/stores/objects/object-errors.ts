/**
 * Refusals that object stores share.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import type { ObjectBytes } from "./object-bytes.ts";
import type { ByteRange, NewRecord, ObjectLimits } from "./object-store.ts";
import { RECORD_BYTES_MAX } from "./object-store.ts";

/** An object that is there no more. */
export function objectGone(store: string, id: string): StoreError {
  return new StoreError("OBJECT_GONE", `object ${id} is gone from ${store}`);
}

/** An object that ends before the range that was asked for. */
export function objectCut(id: string, range: ByteRange, length: number): StoreError {
  const end = range.offset + range.length;
  return new StoreError(
    "OBJECT_CUT",
    `object ${id} has ${length} bytes, byte ${end} was asked for`,
  );
}

/** @throws StoreError STORE_FULL when an object is larger than the store takes */
export function checkObjectSize(
  store: string,
  bytes: Pick<ObjectBytes, "length">,
  limits: ObjectLimits,
): void {
  if (bytes.length <= limits.objectBytes) return;
  const message = `${store} takes objects of ${limits.objectBytes} bytes, this one has ${bytes.length}`;
  throw new StoreError("STORE_FULL", message);
}

/** @throws StoreError STORE_FULL when a record or one of its attachments is larger than the store takes */
export function checkRecordSize(store: string, record: NewRecord, limits: ObjectLimits): void {
  const { body, attachments } = record;
  for (const bytes of attachments) checkObjectSize(store, bytes, limits);
  const total = attachments.reduce((sum, bytes) => sum + bytes.length, 0);
  const fits =
    body.length <= RECORD_BYTES_MAX &&
    attachments.length <= limits.attachments &&
    total <= limits.recordBytes;
  if (fits) return;
  const message = `${store} takes no record of ${body.length} bytes with ${attachments.length} attachments of ${total} bytes`;
  throw new StoreError("STORE_FULL", message);
}
