/**
 * Choices made at random: names, lanes, and how long to back off.
 *
 * @module
 */
import type { Random } from "../../../core/base/platform.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz012345";
const NAME_LENGTH = 16;

/** A number from 0 up to, but not including, 1. */
function randomFraction(random: Random): number {
  const word = new Uint32Array(1);
  random.fill(new Uint8Array(word.buffer));
  return (word[0] as number) / 2 ** 32;
}

/** A whole number from 0 to `bound - 1`. */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor(randomFraction(random) * bound);
}

/** Sixteen letters and digits (80 bits) that no clean-up of file names changes. */
export function randomName(random: Random): string {
  const bytes = new Uint8Array(NAME_LENGTH);
  random.fill(bytes);
  return Array.from(bytes, (byte) => LETTERS.charAt(byte & 31)).join("");
}

/** Time to let pass before try number `failures + 1`: doubled each time up to `maxMs`, half of it at random. */
export function backoffMs(
  random: Random,
  failures: number,
  bounds: { readonly firstMs: number; readonly maxMs: number },
): number {
  const full = Math.min(bounds.maxMs, bounds.firstMs * 2 ** (failures - 1));
  return full / 2 + (full / 2) * randomFraction(random);
}
