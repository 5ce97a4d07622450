/**
 * Which names an entry of a directory may have.
 *
 * @module
 */
import { NAME_MAX } from "./limits.ts";

const SLASH = 0x2f;
const DOT = 0x2e;

/** Whether a name is `.` (1) or `..` (2), else 0. */
export function dots(name: Uint8Array): 0 | 1 | 2 {
  if (name[0] !== DOT) return 0;
  if (name.length === 1) return 1;
  return name.length === 2 && name[1] === DOT ? 2 : 0;
}

/** Whether a name is `.` or `..`. */
export function isDots(name: Uint8Array): boolean {
  return dots(name) !== 0;
}

/** Whether a name holds a byte that ends names: a slash or a NUL. */
export function hasNameEnd(name: Uint8Array): boolean {
  return name.includes(0) || name.includes(SLASH);
}

/** Whether an entry may have a name: 1 to {@link NAME_MAX} bytes, none a slash or a NUL, not `.` or `..`. */
export function isEntryName(name: Uint8Array): boolean {
  const { length } = name;
  return length > 0 && length <= NAME_MAX && !isDots(name) && !hasNameEnd(name);
}
