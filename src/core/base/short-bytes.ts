/**
 * Short arrays that live for a call, cut one behind the other from slabs. An array of its own of more than 64 bytes stands
 * outside of the heap, which costs several times as much to make and to collect.
 *
 * A slab lives as long as the last array that was cut from it: not for what is kept singly.
 *
 * @module
 */

/** Bytes of a slab. */
const SLAB_SIZE = 8192;

/** Longer ones are made singly, since they would leave too much of a slab unused. */
const SHORT_MAX = 512;

let slab = new Uint8Array(SLAB_SIZE);
let used = 0;

/** Zeros that nobody else has. */
export function shortBytes(length: number): Uint8Array {
  if (length > SHORT_MAX) return new Uint8Array(length);
  if (used + length > SLAB_SIZE) {
    slab = new Uint8Array(SLAB_SIZE);
    used = 0;
  }
  used += length;
  return slab.subarray(used - length, used);
}

/** A copy of bytes that are short as a rule. */
export function copyShort(bytes: Uint8Array): Uint8Array {
  const copy = shortBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
