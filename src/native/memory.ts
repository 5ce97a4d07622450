/**
 * Memory that is kept for long, and files in memory, as `native-shim/memory.c` makes them.
 *
 * @module
 */
import { tryShim } from "./load.ts";

/**
 * Zeros that cost little to touch and to hand to the kernel, and whose weight makes V8 look for no garbage. Where the shim
 * cannot be loaded it is memory as any other.
 */
export function lastingMemory(bytes: number): Uint8Array {
  return tryShim()?.lastingMemory(bytes) ?? new Uint8Array(bytes);
}

/**
 * Opens an empty file in memory that has no name and goes when it is closed (memfd_create(2)).
 * @returns its descriptor; undefined where the shim cannot be loaded or the system has none
 */
export function memoryFile(): number | undefined {
  const fd = tryShim()?.memoryFile() ?? -1;
  return fd < 0 ? undefined : fd;
}
