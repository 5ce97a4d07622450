/**
 * Memory that is kept for long, as `native-shim/memory.c` makes it.
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
