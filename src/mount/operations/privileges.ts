/**
 * What a caller's change takes along of a file's privileges.
 *
 * @module
 */
import type { MaybePromise } from "../../core/base/maybe-promise.ts";
import { type Attributes, type PrivilegeLoss, S_ISGID } from "../../core/fs/file-system.ts";
import { isMember } from "../credentials.ts";
import type { Request } from "../protocol/request.ts";

const GROUP_EXECUTE = 0o010;

/** The thread that makes a change. */
export type Changer = Pick<Request, "pid" | "gid">;

/** Takes the changer out of a request, which is reused. */
export function changerOf(request: Request): Changer {
  return { pid: request.pid, gid: request.gid };
}

/** Asks for the caller's groups only where they make a difference. */
export function lossOf(attributes: Attributes, changer: Changer): MaybePromise<PrivilegeLoss> {
  const { mode, gid } = attributes;
  const isDoubtful = (mode & S_ISGID) !== 0 && (mode & GROUP_EXECUTE) === 0;
  if (!isDoubtful || changer.gid === gid) return "member";
  return isMember(changer.pid, gid).then((isIn) => (isIn ? "member" : "outsider"));
}
