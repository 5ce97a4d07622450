/**
 * A look at a log for any vault at all, which is one request.
 *
 * @module
 */
import { StoreError } from "../../core/base/errors.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { readLog } from "./publish/read-log.ts";

/**
 * Makes sure that something was published; nothing is opened.
 * @throws StoreError STORE_MISSING, STORE_DOWN, STORE_DENIED; FormatError VERSION_UNKNOWN
 */
export async function requireCommit(objects: ObjectStore): Promise<void> {
  const { commits } = await readLog(objects);
  if (commits.length === 0) throw noVault(objects);
}

/** The error for a place without a vault. */
export function noVault({ name }: ObjectStore): StoreError {
  return new StoreError("STORE_MISSING", `there is no vault in ${name}`);
}
