/**
 * What a caller's change takes along of a file's privileges.
 *
 * @module
 */
import { chain, type MaybePromise } from "../../core/base/maybe-promise.ts";
import {
  type Attributes,
  type PrivilegeLoss,
  S_ISGID,
  S_ISUID,
} from "../../core/fs/file-system.ts";
import { CAP_FSETID, hasCapability, isMember } from "../credentials.ts";
import type { Request } from "../protocol/request.ts";
import type { Context } from "./operation.ts";

const GROUP_EXECUTE = 0o010;
const ROOT = 0;

/** The thread that makes a change. */
export type Changer = Pick<Request, "pid" | "uid" | "gid">;

/** Takes the changer out of a request, which is reused. */
export function changerOf(request: Request): Changer {
  return { pid: request.pid, uid: request.uid, gid: request.gid };
}

/**
 * Takes a file's set-ID bits before a change of its contents that does not say whether its caller may leave them. The
 * kernel has taken those it knew of, but an access control list may have changed the mode since it was cached.
 */
export function takeSetIds(context: Context, ino: number, changer: Changer): MaybePromise<void> {
  return chain(context.fs.getattr(ino), (attributes) => {
    if ((attributes.mode & (S_ISUID | S_ISGID)) === 0 || changer.uid === ROOT) return;
    return takeFrom(context, ino, attributes, changer);
  });
}

async function takeFrom(
  { fs, expireAttributes }: Context,
  ino: number,
  attributes: Attributes,
  changer: Changer,
): Promise<void> {
  if (await hasCapability(changer.pid, CAP_FSETID)) return;
  await fs.setattr(ino, { killPrivileges: await lossOf(attributes, changer) });
  expireAttributes(ino);
}

/** Asks for the caller's groups only where they make a difference. */
export function lossOf(attributes: Attributes, changer: Changer): MaybePromise<PrivilegeLoss> {
  const { mode, gid } = attributes;
  const isDoubtful = (mode & S_ISGID) !== 0 && (mode & GROUP_EXECUTE) === 0;
  if (!isDoubtful || changer.gid === gid) return "member";
  return isMember(changer.pid, gid).then((isIn) => (isIn ? "member" : "outsider"));
}
