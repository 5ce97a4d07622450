/**
 * What tells this machine, as it runs since it was last started, from every other.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** Where Linux says which boot this is, and which process ids are ours to see. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const PROCESS_IDS = "/proc/self/ns/pid";

/** Hexadecimal digits that name a machine. */
const DIGITS = 16;

/** A random name of this boot of the machine; undefined where nobody tells. */
export function bootId(): string | undefined {
  try {
    return readFileSync(BOOT_ID, "utf8").trim();
  } catch {
    return undefined;
  }
}

/**
 * Names a boot of a machine and a name space of process ids: where two processes have the same, each can tell whether
 * the other lives. Host names and machine ids would not do, since copies of a machine share them.
 * @returns 16 hexadecimal digits; all zero where nobody tells
 */
export function machineId(): string {
  const boot = bootId();
  if (boot === undefined) return "0".repeat(DIGITS);
  const hash = createHash("sha256").update(`${boot} ${readlinkSync(PROCESS_IDS)}`);
  return hash.digest("hex").slice(0, DIGITS);
}

/** Whether a process runs on this machine, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: string }).code !== "ESRCH";
  }
}
