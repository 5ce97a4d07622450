/**
 * File names are bytes, arguments and JSON are text. A byte that is not UTF-8 travels in text as the lone surrogate
 * U+DC00 + byte (the convention of PEP 383), so that every name survives the way in and out.
 *
 * @module
 */
import { readFileSync } from "node:fs";

const REPLACEMENT = "\ufffd";
const ESCAPE = 0xdc00;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What may follow a first byte, where that is less than any continuation: no longer form than needed, no surrogate. */
const SECOND_BYTES: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);

/** Text of a name; the inverse of {@link encodeName}. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeDamaged(bytes);
  }
}

/** Bytes of a name; the inverse of {@link decodeName}. */
export function encodeName(text: string): Uint8Array {
  const parts: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point >= ESCAPE + 0x80 && point <= ESCAPE + 0xff) parts.push(point - ESCAPE);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/**
 * The arguments of this process, each byte kept. Node replaces what is not UTF-8, so such a command line is read again
 * from the kernel.
 *
 * @param args - as Node gives them, without executable and script
 */
export function rawArguments(args: readonly string[]): readonly string[] {
  if (!args.some((argument) => argument.includes(REPLACEMENT))) return args;
  try {
    return splitAtNul(readFileSync("/proc/self/cmdline")).slice(-args.length).map(decodeName);
  } catch {
    return args;
  }
}

function splitAtNul(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

/** Decodes the longest valid sequences and escapes every byte between them. */
function decodeDamaged(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = validSequence(bytes, at);
    if (length > 0) text += strict.decode(bytes.subarray(at, at + length));
    else text += String.fromCharCode(ESCAPE + (bytes[at] as number));
    at += Math.max(length, 1);
  }
  return text;
}

/** Length of the UTF-8 sequence at an offset, 0 when there is none (RFC 3629 §4). */
function validSequence(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = lengthAfter(first);
  const [low, high] = SECOND_BYTES.get(first) ?? [0x80, 0xbf];
  const second = bytes[at + 1] ?? 0;
  if (length === 0 || second < low || second > high) return 0;
  for (let n = 2; n < length; n++) if (((bytes[at + n] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Bytes of a sequence that begins with a byte above 0x7f; 0 when none does. */
function lengthAfter(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
