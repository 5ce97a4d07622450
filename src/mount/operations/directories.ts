/**
 * Operations on open directories.
 *
 * @module
 */
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import type { ListedAttributes } from "../../core/fs/file-system.ts";
import { type Answer, DONE } from "../protocol/answer.ts";
import { O_NOATIME } from "../protocol/flags.ts";
import { MAX_TRANSFER } from "../protocol/init.ts";
import { listingCapacity, packListing } from "../protocol/listing.ts";
import type { Request } from "../protocol/request.ts";
import type { Context, Operation } from "./operation.ts";

/** Where the cookie stands in READDIR and READDIRPLUS (`struct fuse_read_in`). */
const COOKIE = 8;

export const opendir: Operation = (request, { fs, directories }) => {
  const keepsAtime = (request.u32(0) & O_NOATIME) !== 0;
  return chain(
    fs.opendir(request.ino, { keepsAtime }),
    (directory): Answer => ({ kind: "opened", handle: directories.add(directory), flags: 0 }),
  );
};

export const readdir: Operation = (request, context) => list(request, context, "none");

/**
 * The kernel asks for attributes at the beginning of a directory whether or not anybody wants them, and farther on when
 * names in it were looked up meanwhile.
 */
export const readdirplus: Operation = (request, context) =>
  list(request, context, request.offset(COOKIE) === 0 ? "near" : "all");

export const releasedir: Operation = (request, { directories }) => {
  directories.remove(request.u64(0));
  return DONE;
};

function list(
  request: Request,
  { directories }: Context,
  whose: ListedAttributes,
): MaybePromise<Answer> {
  const directory = directories.get(request.u64(0));
  const size = Math.min(request.u32(16), MAX_TRANSFER);
  const isPlus = whose !== "none";
  const limit = listingCapacity(size, isPlus);
  return chain(directory.read(request.offset(COOKIE), limit, whose), (found) =>
    packListing(found, size, isPlus),
  );
}
