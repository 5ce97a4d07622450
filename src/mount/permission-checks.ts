/**
 * Decides who sees to it that modes and ACLs are obeyed.
 *
 * The kernel does where it is told to (`default_permissions`), but then has to ask for the attributes of a directory after
 * every change in it: one of five requests of each new file, one of three of each removed one.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { MountOptions } from "./driver.ts";

/**
 * Who checks permissions: the kernel, or nobody since nobody comes in whom they would stop.
 * `strangers.ts` tells what is left to do then.
 */
export type PermissionChecks = "kernel" | "needless";

/** What `/proc/self/uid_map` holds where user numbers are those of the machine (user_namespaces(7)). */
const WHOLE_MACHINE = /^\s*0\s+0\s+4294967295\s*$/;

/**
 * Who checks permissions on a mount that this process is about to make. Without `allow_other` root lets in nobody but root,
 * whom modes and ACLs forbid nothing, unless it is the root of a container: there are users whom that one has no power over.
 */
export function permissionChecks(options: MountOptions): PermissionChecks {
  if (options.allowOther || options.defaultPermissions) return "kernel";
  return process.geteuid?.() === 0 && isWholeMachine() ? "needless" : "kernel";
}

function isWholeMachine(): boolean {
  try {
    return WHOLE_MACHINE.test(readFileSync("/proc/self/uid_map", "latin1"));
  } catch {
    return false;
  }
}
