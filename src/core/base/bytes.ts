/**
 * Reading and writing fixed-width numbers in byte arrays. All numbers of the format are unsigned and
 * big-endian, so that encoded keys sort as their values do (FORMAT.md §1.1).
 *
 * @module
 */

const MASK_24 = 0xff_ffff;
const TWO_24 = 0x100_0000;
const TWO_32 = 0x1_0000_0000;

export function getU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function getU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads 48 bits: addresses and generations. */
export function getU48(bytes: Uint8Array, at: number): number {
  return getU16(bytes, at) * TWO_32 + getU32(bytes, at + 2);
}

export function putU48(bytes: Uint8Array, at: number, value: number): void {
  const low = value % TWO_24;
  const high = (value - low) / TWO_24;
  bytes[at] = (high >>> 16) & 0xff;
  bytes[at + 1] = (high >>> 8) & 0xff;
  bytes[at + 2] = high & 0xff;
  bytes[at + 3] = (low >>> 16) & 0xff;
  bytes[at + 4] = (low >>> 8) & 0xff;
  bytes[at + 5] = low & MASK_24 & 0xff;
}

/** Reads 64 bits that are known to be a safe integer (sizes, inode numbers). */
export function getU64(bytes: Uint8Array, at: number): number {
  return getU32(bytes, at) * TWO_32 + getU32(bytes, at + 4);
}

export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, Math.floor(value / TWO_32));
  putU32(bytes, at + 4, value % TWO_32);
}

/** Reads a signed 64-bit number (times before 1970) that is a safe integer. */
export function getI64(bytes: Uint8Array, at: number): number {
  return (getU32(bytes, at) | 0) * TWO_32 + getU32(bytes, at + 4);
}

export function putI64(bytes: Uint8Array, at: number, value: number): void {
  const low = ((value % TWO_32) + TWO_32) % TWO_32;
  putU32(bytes, at, ((value - low) / TWO_32) >>> 0);
  putU32(bytes, at + 4, low);
}

/** Orders byte strings as unsigned bytes, a prefix before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes for showing to people; what is not UTF-8 becomes U+FFFD. */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
