/**
 * Operations on open directories.
 *
 * @module
 */
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import { type Answer, DONE } from "../protocol/answer.ts";
import { MAX_TRANSFER } from "../protocol/init.ts";
import { listingCapacity, packListing } from "../protocol/listing.ts";
import type { Request } from "../protocol/request.ts";
import type { Context, Operation } from "./operation.ts";

export const opendir: Operation = (request, { fs, directories }) => {
  return chain(
    fs.opendir(request.ino),
    (directory): Answer => ({ kind: "opened", handle: directories.add(directory), flags: 0 }),
  );
};

export const readdir: Operation = (request, context) => list(request, context, false);

export const readdirplus: Operation = (request, context) => list(request, context, true);

export const releasedir: Operation = (request, { directories }) => {
  directories.remove(request.u64(0));
  return DONE;
};

function list(
  request: Request,
  { directories }: Context,
  withAttributes: boolean,
): MaybePromise<Answer> {
  const directory = directories.get(request.u64(0));
  const size = Math.min(request.u32(16), MAX_TRANSFER);
  const limit = listingCapacity(size, withAttributes);
  return chain(directory.read(request.offset(8), limit, withAttributes), (found) =>
    packListing(found, size, withAttributes),
  );
}
