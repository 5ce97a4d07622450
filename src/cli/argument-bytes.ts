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

/** Length of the UTF-8 sequence at an offset, 0 when there is none. */
function validSequence(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // A longer sequence may still be valid.
    }
  }
  return 0;
}
