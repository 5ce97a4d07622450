/**
 * Programs that the benchmark starts, and what the kernel says about them (proc(5)).
 *
 * @module
 */
import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const TICKS_PER_SECOND = 100;
const MINUTE_MS = 60_000;

/** Runs a program to its end. @returns its output @throws Error with what it complained about */
export function run(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (status === 0) return String(stdout);
  throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? String(stderr).trim()}`);
}

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Whether something is mounted on a directory. */
export function isMounted(directory: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${directory} `);
}

/** Waits until something is mounted on a directory. @throws Error when that takes longer than `patienceMs` */
export async function untilMounted(directory: string, patienceMs = MINUTE_MS): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!isMounted(directory)) {
    if (Date.now() > end) {
      throw new Error(`nothing was mounted on ${directory} in ${patienceMs / 1000} s`);
    }
    await delay(5);
  }
}

/** Waits until a process has ended. */
export async function untilEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await delay(5);
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}

/** Highest resident memory of a process so far, MiB; 0 for none. */
export function peakMemoryMib(pid: number): number {
  const [, kib = 0] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

/** Processor time that a process has used so far, seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
