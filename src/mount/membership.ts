/**
 * Tells whether a thread may keep the set-group-ID bit of a file (proc(5), `/proc/<pid>/status`): the kernel asks its own
 * file systems to look, but does not tell the groups of a caller with a request.
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/** CAP_FSETID (capabilities(7)). */
const CAP_FSETID_BIT = 1n << 4n;

/** Whether a thread is in a group, or privileged; one that cannot be seen is not. */
export async function isMember(pid: number, gid: number): Promise<boolean> {
  try {
    return showsMember(await readFile(`/proc/${pid}/status`, "latin1"), gid);
  } catch {
    return false;
  }
}

/** Whether a status page shows a group, as the one for files or among the others, or CAP_FSETID in effect. */
export function showsMember(status: string, gid: number): boolean {
  const field = (name: string): string =>
    new RegExp(`^${name}:[\t ]*(.*)$`, "m").exec(status)?.[1] ?? "";
  const forFiles = field("Gid").split("\t").at(-1) ?? "";
  const groups = [forFiles, ...field("Groups").trim().split(" ")];
  const effective = BigInt(`0x${field("CapEff") || "0"}`);
  return groups.includes(String(gid)) || (effective & CAP_FSETID_BIT) !== 0n;
}
