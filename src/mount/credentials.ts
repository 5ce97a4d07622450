/**
 * Tells the groups and capabilities of a thread (proc(5), `/proc/<pid>/status`), which the kernel does not send along with a
 * request.
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/** Numbers of capabilities(7): whose writes leave set-ID bits where they are. */
export const CAP_FSETID = 4;
/** May do what only administrators may. */
export const CAP_SYS_ADMIN = 21;

/** Whether a thread is in a group, or has CAP_FSETID; one that cannot be seen is not. */
export async function isMember(pid: number, gid: number): Promise<boolean> {
  const status = await statusOf(pid);
  return showsGroup(status, gid) || showsCapability(status, CAP_FSETID);
}

/** Whether a thread has a capability in effect; one that cannot be seen has none. */
export async function hasCapability(pid: number, capability: number): Promise<boolean> {
  return showsCapability(await statusOf(pid), capability);
}

/** Whether a status page shows a group, as the one for files or among the others. */
export function showsGroup(status: string, gid: number): boolean {
  const forFiles = field(status, "Gid").split("\t").at(-1);
  return [forFiles, ...field(status, "Groups").split(" ")].includes(String(gid));
}

/** Whether a status page shows a capability in effect. */
export function showsCapability(status: string, capability: number): boolean {
  const effective = BigInt(`0x${field(status, "CapEff") || "0"}`);
  return ((effective >> BigInt(capability)) & 1n) === 1n;
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
}

async function statusOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/status`, "latin1");
  } catch {
    return "";
  }
}
