/**
 * Who runs this process.
 *
 * @module
 */
import { getegid, geteuid } from "node:process";
import type { Caller } from "../core/fs/file-system.ts";

/** Effective user and group. */
export function callerOf(): Caller {
  return { uid: geteuid?.() ?? 0, gid: getegid?.() ?? 0 };
}

/** Whether the caller may give files to anybody. */
export function isRoot(): boolean {
  return callerOf().uid === 0;
}
