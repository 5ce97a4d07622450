/**
 * Keeps processors from sleeping deeply while a mount is busy. Every request puts the program that makes it to sleep, and where
 * its processor falls asleep with it, waking that takes longer than serving the request.
 *
 * Whoever may write to `/dev/cpu_dma_latency` (root, as the kernel makes it) can say how long waking may take
 * (Linux: Documentation/power/pm_qos_interface.rst).
 *
 * @module
 */
import { openSync, readFileSync } from "node:fs";
import { UsageError } from "../core/base/errors.ts";
import type { FuseChannel } from "../native/fuse-channel.ts";

/**
 * Microseconds that waking a processor may take while requests come one close behind the other. `any` leaves it to the machine,
 * `auto` chooses and does without where it is not allowed.
 */
export type CpuLatency = number | "auto" | "any";

const DEVICE = "/dev/cpu_dma_latency";

/** What puts processors to sleep; "none" where nothing does that could be told a limit. */
const IDLE_DRIVER = "/sys/devices/system/cpu/cpuidle/current_driver";

/** The first sleeping state of real processors, which costs no time to speak of and spares most of the power. */
const FIRST_STATE_US = 2;

/**
 * Limits it for a channel that serves, for as long as it does.
 * @throws UsageError MOUNT_FAILED when a limit was asked for that cannot be set
 */
export function limitCpuLatency(channel: FuseChannel, wish: CpuLatency): void {
  const micros = wish === "auto" ? suitableLimit() : wish;
  if (micros === "any") return;
  const fd = openDevice(wish);
  if (fd !== undefined) channel.limitLatency(fd, micros);
}

/**
 * For this machine. A virtual processor that sleeps leaves the machine it runs on, whatever the kernel's driver for that says it
 * takes, so it must not sleep at all.
 */
function suitableLimit(): number | "any" {
  try {
    const driver = readFileSync(IDLE_DRIVER, "latin1").trim();
    if (driver === "none") return "any";
    return driver === "haltpoll" ? 0 : FIRST_STATE_US;
  } catch {
    return "any";
  }
}

function openDevice(wish: CpuLatency): number | undefined {
  try {
    return openSync(DEVICE, "w");
  } catch (error) {
    if (wish === "auto") return undefined;
    throw refused(wish, error as NodeJS.ErrnoException);
  }
}

function refused(wish: CpuLatency, cause: NodeJS.ErrnoException): UsageError {
  const reason = `cannot open ${DEVICE} for writing (${cause.code}), which cpu_latency=${wish} needs`;
  return new UsageError("MOUNT_FAILED", `${reason}: mount as root, or leave it out`, { cause });
}
